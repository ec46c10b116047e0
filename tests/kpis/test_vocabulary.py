import pytest

from apps.events.defaults import SHARE_TYPES
from apps.kpis.vocabulary import vocabulary
from apps.rollups import queue
from tests.world import deliver, opened, share

pytestmark = pytest.mark.django_db


def test_a_new_workspace_knows_what_it_declares() -> None:
    known = vocabulary(opened().workspace)

    assert known.share_types == set(SHARE_TYPES)
    assert known.channels == {"email", "copy_link", "button", "social"}


def test_what_was_seen_is_known_once_it_is_rolled_up_and_to_its_workspace_alone() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    deliver(acme, share("alice", "2026-04-02T09:00:00", share_type="fax", channel="phone"))
    deliver(acme, share("alice", "2026-04-02T09:00:00", share_type=None, channel=None))
    assert "fax" not in vocabulary(acme).share_types

    queue.settle(acme.pk)

    assert "fax" in vocabulary(acme).share_types
    assert "phone" in vocabulary(acme).channels
    assert vocabulary(other) == vocabulary(opened("empty").workspace)
