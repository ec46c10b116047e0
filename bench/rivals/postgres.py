"""PostgreSQL with a plain table of events: enums, integers, covering indexes, fresh statistics."""

from __future__ import annotations

import io

import psycopg
import pyarrow as pa
import pyarrow.csv as pc

from bench.questions import IN_SEGMENT, Answer
from bench.rivals import standard
from bench.synthetic import CHANNELS, SCOPES, World

KINDS = sorted({channel for channels in CHANNELS.values() for channel in channels})
TABLES = f"""
    CREATE SCHEMA rival;
    CREATE TYPE rival.kind AS ENUM ('action', 'share');
    CREATE TYPE rival.share_type AS ENUM ({", ".join(f"'{name}'" for name in CHANNELS)});
    CREATE TYPE rival.share_scope AS ENUM ({", ".join(f"'{name}'" for name in SCOPES)});
    CREATE TYPE rival.channel AS ENUM ({", ".join(f"'{name}'" for name in KINDS)});
    CREATE TABLE rival.events (
        user_id integer NOT NULL, done_at timestamptz NOT NULL, day date NOT NULL, kind rival.kind NOT NULL,
        share_type rival.share_type, share_scope rival.share_scope, channel rival.channel);
    CREATE TABLE rival.traits (
        user_id integer NOT NULL, plan text, role text, industry text, country text, use_case text,
        company_size integer, is_admin boolean, source text);"""
INDEXES = f"""
    CREATE INDEX ON rival.events (day, user_id) INCLUDE (share_scope);
    CREATE INDEX ON rival.events (day, user_id) WHERE share_scope = 'product';
    ALTER TABLE rival.traits ADD PRIMARY KEY (user_id);
    CREATE INDEX ON rival.traits (plan, company_size) INCLUDE (role, use_case, user_id);
    CREATE TABLE rival.segment AS SELECT user_id FROM rival.traits WHERE {IN_SEGMENT};
    ALTER TABLE rival.segment ADD PRIMARY KEY (user_id);"""
# Sorts and hashes of a few million people stay in memory, as somebody who asks such questions would have it.
SETTINGS = "-c search_path=rival -c work_mem=256MB"
PIECE = 500_000


class PostgreSQL:
    """The same server that kpiservice is on, in a schema of its own."""

    name = "PostgreSQL"

    def __init__(self, url: str, world: World) -> None:
        self.url, self.ways = url, standard.ways(world.size)
        self.connection = self._connected()
        self.connection.execute(TABLES)
        self._copy("events", world.events)
        self._copy("traits", world.traits)
        self.connection.execute(INDEXES)
        self.connection.execute("VACUUM ANALYZE events, traits, segment")

    def open(self) -> None:
        self.connection.close()
        self.connection = self._connected()

    def ask(self, text: str) -> Answer:
        return tuple(self.connection.execute(text).fetchall())

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, options=SETTINGS)

    def _copy(self, table: str, rows: pa.Table) -> None:
        command = f"COPY {table} ({', '.join(rows.column_names)}) FROM STDIN (FORMAT csv)"
        with self.connection.cursor() as cursor, cursor.copy(command) as stream:
            for start in range(0, len(rows), PIECE):
                text = io.BytesIO()
                pc.write_csv(rows.slice(start, PIECE), text, pc.WriteOptions(include_header=False))
                stream.write(text.getvalue())
