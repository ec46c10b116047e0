"""The interleavings that lose events in a worker built otherwise, against ours (RELIABILITY section 2).

Each is acted out step by step. `test_wrong_variants.py` acts the same ones out on the wrong variants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.audience.models import ProductUser
from apps.engine.periods import Grain, parse_day, parse_month
from apps.engine.sets import Members, Space
from apps.rollups import queue, worker
from apps.rollups.build.content import Bucket
from apps.rollups.models import Rollup
from apps.workspaces.models import Marker, Workspace
from tests.rollups.elsewhere import elsewhere, storing
from tests.world import act, ask, deliver, opened, track

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = datetime(2026, 4, 30, 9, tzinfo=UTC)
ALICE = act("alice", "2026-04-30T09:15:00")
BOB = act("bob", "2026-04-30T09:45:00")
CAROL_LATER = act("carol", "2026-04-30T17:00:00")


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def people(workspace: Workspace, grain: Grain = Grain.HOUR) -> set[str]:
    """Who is in the open rows of a grain."""
    rows = Rollup.objects.filter(workspace=workspace, series="ACTIVITY", grain=grain, closed_at=None)
    members = Members.union(Space.USER, (Members.load(Space.USER, bytes(row.members)) for row in rows))
    users = ProductUser.objects.filter(workspace=workspace, ordinal__in=list(members))
    return set(users.values_list("external_id", flat=True))


def markers(workspace: Workspace, grain: Grain = Grain.HOUR) -> int:
    return Marker.objects.filter(workspace=workspace, grain=grain).count()


def settle_to(workspace: Workspace, *names: str) -> None:
    """Once everything is worked off, these and no others are in the hours, the day, the month and the answers."""
    queue.settle(workspace.pk)
    assert Marker.objects.filter(workspace=workspace).count() == 0
    for grain in (Grain.HOUR, Grain.DAY, Grain.MONTH):
        assert people(workspace, grain) == set(names)
    for period in (parse_day("2026-04-30", "UTC"), parse_month("2026-04", "UTC")):
        assert ask(workspace, "total_active_users", period).answer.value == len(names)


def before(
    monkeypatch: pytest.MonkeyPatch, step: str, happens: Callable[[], object], *, of: Grain = Grain.HOUR
) -> None:
    """Let something happen once on another connection, right before a step of the worker on a grain."""
    real, done = getattr(worker, step), list[bool]()

    def stepped(buckets: Sequence[Bucket], *rest: Any) -> Any:
        if not done and buckets and next(iter(buckets)).grain is of:
            done.append(True)
            elsewhere(happens)
        return real(buckets, *rest)

    monkeypatch.setattr(worker, step, stepped)


def test_a_writer_that_commits_after_a_later_one_is_counted(acme: Workspace) -> None:
    # Alice's row has the lower id and becomes visible last: a reader of `id > last_seen` has passed it.
    deliver(acme, *(track("referral_prompt.shown", who, "2026-04-01T09:00:00") for who in ("alice", "carol")))
    with storing(acme, ALICE):
        elsewhere(lambda: deliver(acme, CAROL_LATER))
        queue.settle(acme.pk)
        assert people(acme) == {"carol"}
    settle_to(acme, "alice", "carol")


def test_a_writer_that_found_a_marker_there_leaves_its_own(acme: Workspace) -> None:
    # Alice's marker is there when Bob's writer runs, and gone when it commits.
    deliver(acme, ALICE)
    with storing(acme, BOB):
        queue.settle(acme.pk)
        assert (people(acme), markers(acme)) == ({"alice"}, 0)
    assert markers(acme) == 1
    settle_to(acme, "alice", "bob")


@pytest.mark.parametrize("step", ["claim", "take_markers", "rebuild", "write", "mark_wholes"])
def test_an_event_that_commits_between_any_two_steps_is_counted(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    # Rebuilding before deleting loses what commits between; REPEATABLE READ what commits after the lock.
    deliver(acme, ALICE)
    before(monkeypatch, step, lambda: deliver(acme, BOB))
    settle_to(acme, "alice", "bob")


def test_what_commits_after_the_lock_is_seen_by_the_rebuild(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One snapshot for the whole transaction, taken by the statement that locks, would not show Bob.
    deliver(acme, ALICE)
    before(monkeypatch, "take_markers", lambda: deliver(acme, BOB))
    assert worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR)]) == 1
    assert (people(acme), markers(acme)) == ({"alice", "bob"}, 0)


def test_a_second_worker_leaves_a_bucket_that_is_being_built(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the lock it would build Alice and Bob, and the first worker would then write Alice over them.
    deliver(acme, ALICE)
    built: list[int] = []

    def second_worker() -> None:
        deliver(acme, BOB)
        built.append(worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR)]))

    before(monkeypatch, "write", second_worker)
    assert worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR)]) == 1
    assert built == [0]
    assert (people(acme), markers(acme)) == ({"alice"}, 1)
    settle_to(acme, "alice", "bob")


def test_two_workers_that_build_two_hours_of_a_day_lose_neither(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Were the day written by whoever holds an hour, the worker that read the hours first would write last.
    deliver(acme, ALICE, CAROL_LATER)
    later = Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR.replace(hour=17))

    def second_worker() -> None:
        worker.build([later])
        worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.DAY, HOUR.replace(hour=0))])

    before(monkeypatch, "mark_wholes", second_worker)
    worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR)])
    assert (people(acme, Grain.DAY), markers(acme, Grain.DAY)) == ({"carol"}, 1)
    settle_to(acme, "alice", "carol")


@pytest.mark.parametrize("step", ["take_markers", "rebuild", "write", "mark_wholes"])
@pytest.mark.parametrize("grain", [Grain.DAY, Grain.MONTH])
def test_an_hour_built_between_any_two_steps_of_its_day_or_month_is_composed(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, grain: Grain
) -> None:
    deliver(acme, ALICE)

    def another_hour() -> None:
        deliver(acme, CAROL_LATER)
        for part in (Grain.HOUR, Grain.DAY):
            starts = {Grain.HOUR: HOUR.replace(hour=17), Grain.DAY: HOUR.replace(hour=0)}
            worker.build([Bucket(acme.pk, "ACTIVITY", 1, part, starts[part])])

    before(monkeypatch, step, another_hour, of=grain)
    settle_to(acme, "alice", "carol")


@pytest.mark.parametrize("step", ["take_markers", "rebuild", "write", "mark_wholes"])
def test_a_worker_that_dies_at_any_step_changes_nothing(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    deliver(acme, ALICE)
    queue.settle(acme.pk)
    deliver(acme, BOB)

    def dies(*args: object) -> Mapping[str, str]:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(worker, step, dies)
        with pytest.raises(SystemExit):
            worker.build([Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, HOUR)])
    assert (people(acme), markers(acme)) == ({"alice"}, 1)
    settle_to(acme, "alice", "bob")
