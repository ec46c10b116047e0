"""How fast kpiservice answers, beside databases that hold the same events: `python bench/race.py --help`.

Synthetic events are loaded by COPY into kpiservice and into a plain PostgreSQL table, and from a file into DuckDB
and ClickHouse (chdb, in this process), which also gets a day's rollups as bitmaps of its own. All are asked the
same questions in every way that may be the fastest; the fastest counts. All answers must be equal: if two differ,
the exit status is 1. Nothing passes or fails by the clock.

kpiservice is in a database `kpiservice_bench` that every run makes anew and leaves there, on the server of
`DATABASE_URL` or on the embedded one under `KPISERVICE_VAR`, where the rivals' files are too.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")
sys.path.insert(0, str(Path(__file__).parent.parent))

import django
import psycopg
from rich.console import Console

from bench import report, synthetic
from bench.questions import Answer, Question
from bench.rivals.clickhouse import ClickHouse
from bench.rivals.duckdb import DuckDB
from bench.rivals.postgres import PostgreSQL
from bench.rivals.standard import Rival, Ways
from bench.synthetic import Size, World
from bench.timing import Side, Way, timing
from kpiservice import embedded

T = TypeVar("T")

DATABASE = "kpiservice_bench"
# Of a file; a terminal knows its own.
WIDTH = 100


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, least, default, meaning in (
        ("events", 10_000, 5_000_000, "how many events"),
        ("users", 1_000, 300_000, "how many people"),
        ("days", 40, 90, "over how many days, at least 40"),
        ("repeats", 1, 11, "how often each way is asked, cold and then warm"),
    ):
        parser.add_argument(
            f"--{name}", type=_at_least(least), default=default, metavar="N", help=f"{meaning} ({default:,})"
        )
    chosen = parser.parse_args(arguments)
    return race(Size(chosen.events, chosen.users, chosen.days), chosen.repeats)


def race(size: Size, repeats: int) -> int:
    """Load everybody, ask everybody, print what came out; 1 if two answers differ."""
    url = set_up()
    from bench import ours  # noqa: PLC0415 (the models exist once Django is set up)

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    world = made("draw", lambda: synthetic.draw(size, embedded.var_folder() / "bench"))
    loaded = ours.load(world)
    rivals = load_rivals(world, url)
    report.show_load(console, loaded, size)
    timings = []
    with ours.serving(loaded.opened.read_key, size):
        for question in Question:
            ways = [*ours.ways(loaded.opened, size, question), *rival_ways(rivals, question)]
            found = [timing(way, repeats) for way in ways]
            report.show_question(console, question, found)
            timings.append((question, found))
    return report.show_summary(console, timings)


def set_up() -> str:
    """Start what has to run, make the database anew, and set Django up for it and for a port that is free."""
    embedded.start()
    server = os.environ.get("DATABASE_URL") or embedded.database_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = url = urlsplit(server)._replace(path=f"/{DATABASE}").geturl()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        os.environ["PORT"] = str(probe.getsockname()[1])
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return url


def load_rivals(world: World, url: str) -> list[Rival]:
    return [
        made("PostgreSQL: load, index and analyse", lambda: PostgreSQL(url, world)),
        made("DuckDB: load and analyse", lambda: DuckDB(world)),
        made("ClickHouse: load and roll up", lambda: ClickHouse(world)),
    ]


def rival_ways(rivals: list[Rival], question: Question) -> Iterator[Way]:
    for rival in rivals:
        yield from _ways(Side.RAW, rival, rival.ways, question)
        if isinstance(rival, ClickHouse):
            yield from _ways(Side.ROLLUPS, rival, rival.rollups, question)


def _ways(side: Side, rival: Rival, ways: Ways, question: Question) -> Iterator[Way]:
    for name, text in ways[question].items():
        yield Way(side, rival.name, name, _opener(rival, text))


def _opener(rival: Rival, text: str) -> Callable[[], Callable[[], Answer]]:
    def begin() -> Callable[[], Answer]:
        rival.open()
        return lambda: rival.ask(text)

    return begin


def made(what: str, make: Callable[[], T]) -> T:
    started = perf_counter()
    thing = make()
    print(f"{what}: {perf_counter() - started:.1f} s", flush=True)
    return thing


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a number of at least {least:,}")
        return int(text)

    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
