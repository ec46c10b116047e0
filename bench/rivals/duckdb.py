"""DuckDB with a file of its own: enums, integers, events in order of time."""

from __future__ import annotations

import duckdb

from bench.questions import IN_SEGMENT, Answer
from bench.rivals import standard
from bench.synthetic import World

WORDS = ("kind", "share_type", "share_scope", "channel")
TRAIT_WORDS = ("plan", "role", "industry", "country", "use_case", "source")


class DuckDB:
    """In this process; a fresh connection has nothing of the file in memory."""

    name = "DuckDB"

    def __init__(self, world: World) -> None:
        self.file, self.ways = world.folder / "rival.duckdb", standard.ways(world.size)
        self.file.unlink(missing_ok=True)
        self.connection = duckdb.connect(self.file)
        self._make("events", WORDS, f"read_parquet('{world.events_file}') ORDER BY done_at")
        self._make("traits", TRAIT_WORDS, f"read_parquet('{world.traits_file}')")
        self.connection.execute(f"CREATE TABLE segment AS SELECT user_id FROM traits WHERE {IN_SEGMENT}")
        self.connection.execute("CHECKPOINT; ANALYZE")

    def open(self) -> None:
        self.connection.close()
        self.connection = duckdb.connect(self.file)

    def ask(self, text: str) -> Answer:
        return tuple(self.connection.execute(text).fetchall())

    def _make(self, table: str, words: tuple[str, ...], source: str) -> None:
        """A table whose words are enums of the words that occur."""
        for word in words:
            known = f"SELECT DISTINCT {word} FROM {source.partition(' ORDER')[0]} WHERE {word} IS NOT NULL"
            self.connection.execute(f"CREATE TYPE {table}_{word} AS ENUM ({known})")
        typed = ", ".join(f"{word}::{table}_{word} AS {word}" for word in words)
        self.connection.execute(f"CREATE TABLE {table} AS SELECT * REPLACE ({typed}) FROM {source}")
