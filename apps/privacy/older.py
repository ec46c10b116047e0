"""Waiting for whoever may still write what they read before."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

LONGEST = 60.0
PAUSE = 0.05


class StillWriting(RuntimeError):
    """A transaction that began before did not end."""


def wait(longest: float = LONGEST) -> None:
    """Return once every transaction that wrote anything before now has ended, whatever became of its process.

    Whoever deletes markers before reading, as workers do, has written by the time it reads: after this nobody
    is left who read what had been committed over by then. Not from within a transaction: it would wait for
    itself. Raises StillWriting after `longest` seconds.
    """
    deadline = time.monotonic() + longest
    with connection.cursor() as cursor:
        # A number of our own: all that were given out before are smaller.
        cursor.execute("SELECT pg_current_xact_id()::text")
        (newest,) = cursor.fetchone()
        while not _ended(cursor, newest):
            if time.monotonic() > deadline:
                raise StillWriting(f"a transaction has been writing for over {longest:.0f} seconds")
            time.sleep(PAUSE)


def _ended(cursor: Any, newest: str) -> bool:
    cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8", [newest])
    (has_ended,) = cursor.fetchone()
    return bool(has_ended)
