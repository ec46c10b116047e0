from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.events import taxonomy
from apps.rollups import queue, versions
from apps.rollups.health import Change, Pending, health, try_again
from apps.rollups.models import BucketFailure, Rollup
from apps.workspaces.models import Marker, Workspace
from tests.world import act, deliver, opened, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    """Alice and Bob in two hours of one day; Bob shares twice, through two channels."""
    workspace = opened().workspace
    deliver(
        workspace,
        act("alice", "2026-04-30T09:15:00"),
        share("bob", "2026-04-30T10:15:00"),
        share("bob", "2026-04-30T10:30:00", channel="social"),
    )
    return workspace


def fail(workspace: Workspace) -> BucketFailure:
    """Damage an hour, so that its day can no longer be composed."""
    Rollup.objects.filter(workspace=workspace, series="ACTIVITY", grain="hour").update(members=b"\x00")
    deliver(workspace, act("charlie", "2026-04-30T11:15:00"))
    queue.settle(workspace.pk)
    return BucketFailure.objects.get(workspace=workspace)


def test_what_waits_is_told_by_series_and_grain(acme: Workspace) -> None:
    oldest = Marker.objects.filter(workspace=acme).earliest("since").since
    assert list(health().pending) == [
        Pending("acme", "ACTIVITY", 1, "hour", 2, 3, oldest),
        Pending("acme", "share.created", 1, "hour", 1, 2, oldest),
        Pending("acme", "share.created/feature", 1, "hour", 1, 2, oldest),
        Pending("acme", "share.created/object_type", 1, "hour", 1, 2, oldest),
        Pending("acme", "share.created/share_scope", 1, "hour", 1, 2, oldest),
        Pending("acme", "share.created@account", 1, "hour", 1, 2, oldest),
    ]
    assert (health().buckets, health().oldest) == (7, oldest)


def test_nothing_waits_once_it_is_counted(acme: Workspace) -> None:
    queue.settle(acme.pk)
    state = health()
    assert (list(state.pending), state.buckets, state.oldest, list(state.failing)) == ([], 0, None, [])
    # ACTIVITY: two hours, a day, a month; share.created: an hour, a day, a month, each in two rows, and in one by
    # scope, one by what was shared and one by the feature, which both shares have in common.
    assert state.open_rows == 4 + 6 + 3 * 3


def test_a_change_shows_how_far_it_has_come(acme: Workspace) -> None:
    queue.settle(acme.pk)
    move_to_kolkata()
    names = sorted([*taxonomy.SERIES, "STATES"])
    assert list(health().changes) == [Change("acme", name, 1, 2, False, 0, 0) for name in names]
    versions.advance(acme.pk)
    # Half past the hour, where Bob's second share lies, is an hour of its own in Kolkata.
    assert [(change.is_marked, change.built, change.left) for change in health().changes] == [
        (True, 0, 3),
        *[(True, 0, 0)] * 6,
        *[(True, 0, 2)] * 5,
        (True, 0, 0),
    ]
    queue.settle(acme.pk)
    assert list(health().changes) == []


def test_a_failing_bucket_is_told_with_its_error(acme: Workspace) -> None:
    queue.settle(acme.pk)
    failure = fail(acme)
    (told,) = health().failing
    assert told == failure
    assert (told.grain, told.start, told.attempts) == ("day", datetime(2026, 4, 30, tzinfo=UTC), 1)
    assert told.error.startswith("ValueError: ")
    assert health().alarms == 0
    BucketFailure.objects.filter(workspace=acme).update(attempts=5)
    assert health().alarms == 1


def test_what_failed_is_tried_again_at_once(acme: Workspace) -> None:
    queue.settle(acme.pk)
    fail(acme)
    queue.settle(acme.pk)
    assert BucketFailure.objects.get(workspace=acme).attempts == 1
    assert try_again() == 1
    queue.settle(acme.pk)
    assert BucketFailure.objects.get(workspace=acme).attempts == 2


def test_what_was_made_good_fails_no_more(acme: Workspace) -> None:
    queue.settle(acme.pk)
    fail(acme)
    Marker.objects.filter(workspace=acme).delete()
    assert list(health().failing) == []
    assert try_again() == 0


def test_more_workspaces_ask_the_database_no_more(acme: Workspace) -> None:
    move_to_kolkata()
    with CaptureQueriesContext(connection) as few:
        health()
    for number in range(5):
        deliver(opened(f"beta-{number}").workspace, act("alice", "2026-04-30T09:15:00"))
    move_to_kolkata()
    with CaptureQueriesContext(connection) as many:
        state = health()
    assert len(state.changes) == 6 * (len(taxonomy.SERIES) + 1)
    assert len(many) == len(few) == 5


def move_to_kolkata() -> None:
    Workspace.objects.update(timezone="Asia/Kolkata")
    for workspace in Workspace.objects.all():
        taxonomy.publish(workspace.pk)
