from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from apps.privacy import older
from apps.privacy.older import StillWriting
from apps.workspaces.models import Workspace
from tests.rollups.elsewhere import elsewhere
from tests.world import opened

# Long enough for whoever writes to another database of the same PostgreSQL.
PATIENCE = 20

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def in_a_transaction(workspace: Workspace, *, writing: bool) -> Iterator[Event]:
    """Somebody who has read, or written, and ends the transaction when the event is set or the block ends."""
    begun, go_on = Event(), Event()

    def act() -> None:
        with transaction.atomic():
            row = Workspace.objects.get(pk=workspace.pk)
            if writing:
                row.save()
            begun.set()
            assert go_on.wait(20)
        connection.close()

    thread = Thread(target=act)
    thread.start()
    assert begun.wait(20)
    try:
        yield go_on
    finally:
        go_on.set()
        thread.join(20)


def test_whoever_writes_is_waited_for() -> None:
    acme = opened().workspace
    with in_a_transaction(acme, writing=True) as go_on:
        with pytest.raises(StillWriting, match="over 0 seconds"):
            older.wait(0)
        waiting = Thread(target=lambda: elsewhere(older.wait))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        go_on.set()
        waiting.join(20)
        assert not waiting.is_alive()


def test_whoever_only_reads_and_whoever_begins_later_is_not() -> None:
    acme = opened().workspace
    with in_a_transaction(acme, writing=False):
        older.wait(PATIENCE)
