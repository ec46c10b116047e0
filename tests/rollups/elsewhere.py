"""Other connections to the database, under the test's control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

from django.db import connection

from apps.events import ingest
from apps.events.ingest import Delivery, Outcome
from apps.events.messages import Terms
from apps.workspaces.models import Workspace
from tests.world import NOW

T = TypeVar("T")
SECONDS = 20


def elsewhere(act: Callable[[], T]) -> T:
    """Do something to its end on another connection."""
    results: list[T] = []
    thread = Thread(target=lambda: _in_own_connection(lambda: results.append(act())))
    thread.start()
    thread.join(SECONDS)
    (result,) = results
    return result


@contextmanager
def storing(workspace: Workspace, *messages: object) -> Iterator[None]:
    """A writer that has stored its messages and marked their buckets; it commits when the block ends."""
    stored, go_on = Event(), Event()

    def wait(outcome: Outcome) -> None:
        stored.set()
        assert go_on.wait(SECONDS)

    delivery = Delivery(workspace.pk, "default", messages, Terms(now=NOW))
    thread = Thread(target=lambda: _in_own_connection(lambda: ingest.store(delivery, within=wait)))
    thread.start()
    assert stored.wait(SECONDS)
    try:
        yield
    finally:
        go_on.set()
        thread.join(SECONDS)


def _in_own_connection(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connection.close()
