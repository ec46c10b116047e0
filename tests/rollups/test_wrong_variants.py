"""Workers built otherwise, shown to lose an event by the interleavings of `test_worker_races.py`.

They keep these interleavings honest: one that no wrong variant fell for would prove nothing of ours. Each
works on three plain tables of its own; connections are stepped by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Thread

import psycopg
import pytest
from django.db import connection
from psycopg import Connection, IsolationLevel

pytestmark = pytest.mark.django_db(transaction=True)

LOCK = 4_217
SECONDS = 20.0
Connect = Callable[[], Connection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connections to tables `event`, `marker` and `row` (the highest id counts) of one bucket."""
    opened: list[Connection] = []

    def new() -> Connection:
        parameters = connection.get_connection_params()
        named = {
            name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters
        }
        opened.append(psycopg.connect(**named, options="-c search_path=naive"))
        return opened[-1]

    with new() as first:
        first.execute("CREATE SCHEMA naive")
        first.execute("CREATE TABLE event (id serial, hour int, who text)")
        first.execute("CREATE TABLE marker (id serial, hour int)")
        first.execute("CREATE TABLE row (id serial, who text[])")
    yield new
    for one in opened:
        one.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA naive CASCADE")


def store(writer: Connection, who: str, hour: int = 9) -> None:
    writer.execute("INSERT INTO event (hour, who) VALUES (%s, %s)", [hour, who])
    writer.execute("INSERT INTO marker (hour) VALUES (%s)", [hour])


def read(worker: Connection) -> list[str]:
    return [who for (who,) in worker.execute("SELECT who FROM event ORDER BY who").fetchall()]


def write(worker: Connection, people: list[str]) -> None:
    worker.execute("INSERT INTO row (who) VALUES (%s)", [people])


def result(reader: Connection) -> tuple[list[str], int]:
    """What the table says in the end, and how many markers are left that could still mend it."""
    reader.rollback()
    (people,) = reader.execute("SELECT who FROM row ORDER BY id DESC LIMIT 1").fetchone() or ([],)
    (left,) = reader.execute("SELECT count(*) FROM marker").fetchone() or (0,)
    return people, left


def test_reading_beyond_the_last_id_seen_loses_a_late_commit(connect: Connect) -> None:
    early, late, worker = connect(), connect(), connect()
    store(early, "alice")
    store(late, "bob")
    late.commit()
    (last_seen,) = worker.execute("SELECT max(id) FROM event").fetchone() or (0,)
    write(worker, read(worker))
    worker.commit()
    early.commit()
    missed = worker.execute("SELECT who FROM event WHERE id > %s", [last_seen]).fetchall()
    assert missed == []
    assert result(worker)[0] == ["bob"]


def test_a_unique_marker_loses_the_event_of_a_writer_that_found_it_there(connect: Connect) -> None:
    first, second, worker = connect(), connect(), connect()
    first.execute("CREATE UNIQUE INDEX ON marker (hour)")
    store(first, "alice")
    first.commit()
    second.execute("INSERT INTO event (hour, who) VALUES (9, 'bob')")
    second.execute("INSERT INTO marker (hour) VALUES (9) ON CONFLICT DO NOTHING")
    worker.execute("DELETE FROM marker")
    write(worker, read(worker))
    worker.commit()
    second.commit()
    assert result(worker) == (["alice"], 0)


def test_rebuilding_before_deleting_loses_what_commits_in_between(connect: Connect) -> None:
    writer, worker = connect(), connect()
    store(writer, "alice")
    writer.commit()
    people = read(worker)
    store(writer, "bob")
    writer.commit()
    worker.execute("DELETE FROM marker")
    write(worker, people)
    worker.commit()
    assert result(worker) == (["alice"], 0)


def test_skipping_locked_markers_without_a_lock_loses_to_a_slower_worker(connect: Connect) -> None:
    take = "DELETE FROM marker WHERE id IN (SELECT id FROM marker FOR UPDATE SKIP LOCKED)"
    writer, slow, fast = connect(), connect(), connect()
    store(writer, "alice")
    writer.commit()
    slow.execute(take)
    people = read(slow)
    store(writer, "bob")
    writer.commit()
    fast.execute(take)
    write(fast, read(fast))
    fast.commit()
    write(slow, people)
    slow.commit()
    assert result(slow) == (["alice"], 0)


def test_repeatable_read_builds_from_a_snapshot_older_than_its_lock(connect: Connect) -> None:
    writer, first, second = connect(), connect(), connect()
    store(writer, "alice")
    writer.commit()
    first.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    second.isolation_level = IsolationLevel.REPEATABLE_READ
    waiting = Thread(target=lambda: second.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK]))
    first.execute("DELETE FROM marker")
    write(first, read(first))
    waiting.start()
    wait_for_the_lock(writer)
    store(writer, "bob")
    writer.commit()
    first.execute("DELETE FROM marker")
    write(first, read(first))
    first.commit()
    waiting.join(SECONDS)
    # The second worker holds the lock alone, yet it reads what was there when it began to wait.
    write(second, read(second))
    second.commit()
    assert result(second) == (["alice"], 0)


def test_composing_a_day_under_the_lock_of_an_hour_loses_the_other_hour(connect: Connect) -> None:
    writer, nine, seventeen = connect(), connect(), connect()
    writer.execute("CREATE TABLE hours (hour int, who text)")
    writer.commit()
    whole = "SELECT who FROM hours ORDER BY who"
    days: dict[int, list[str]] = {}
    for worker, hour, who in ((nine, 9, "alice"), (seventeen, 17, "carol")):
        worker.execute("SELECT pg_advisory_xact_lock(%s)", [hour])
        worker.execute("INSERT INTO hours VALUES (%s, %s)", [hour, who])
        days[hour] = [name for (name,) in worker.execute(whole).fetchall()]
    for worker, hour in ((nine, 9), (seventeen, 17)):
        write(worker, days[hour])
        worker.commit()
    assert result(writer) == (["carol"], 0)
    assert [who for (who,) in writer.execute(whole).fetchall()] == ["alice", "carol"]


def wait_for_the_lock(watcher: Connection) -> None:
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    deadline = time.monotonic() + SECONDS
    while watcher.execute(waits, [LOCK]).fetchone() != (1,):
        watcher.rollback()
        assert time.monotonic() < deadline, "nobody waits for the lock"
        time.sleep(0.01)
    watcher.rollback()
