from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils.timezone import now

from apps.engine.periods import Grain, parse_month
from apps.rollups import queue, worker
from apps.rollups.build.content import Bucket
from apps.rollups.models import BucketFailure, Rollup
from apps.workspaces.models import Marker, Workspace
from tests.world import act, ask, deliver, opened, share

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def grains_waiting(workspace: Workspace) -> list[str]:
    waiting = Marker.objects.filter(workspace=workspace, series="ACTIVITY").order_by("grain", "start")
    return list(waiting.values_list("grain", flat=True))


def test_settling_builds_hours_days_and_months_and_says_so(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"), act("bob", "2026-04-01T10:00:00"))
    heard: list[int] = []
    assert queue.pending(acme.pk) == 2
    assert queue.settle(acme.pk, heard.append) == 4
    assert (sum(heard), queue.pending(acme.pk)) == (4, 0)
    rows = Rollup.objects.filter(workspace=acme).values_list("grain", flat=True)
    assert sorted(rows) == ["day", "hour", "hour", "month"]


def test_settling_again_builds_nothing(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    queue.settle(acme.pk)
    assert queue.settle(acme.pk) == 0


def test_a_rebuild_that_finds_the_same_writes_nothing(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    queue.settle(acme.pk)
    ids = list(Rollup.objects.filter(workspace=acme).values_list("pk", flat=True))
    deliver(acme, act("alice", "2026-04-01T09:30:00"))
    assert queue.settle(acme.pk) == 1
    assert list(Rollup.objects.filter(workspace=acme).values_list("pk", flat=True)) == ids


def test_a_rebuild_that_finds_more_closes_the_row_and_opens_another(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    queue.settle(acme.pk)
    deliver(acme, act("bob", "2026-04-01T09:30:00"))
    queue.settle(acme.pk)
    hours = Rollup.objects.filter(workspace=acme, grain=Grain.HOUR).order_by("pk")
    assert [(row.closed_at is None, row.closed_xid is None) for row in hours] == [(False, False), (True, True)]


def test_two_workspaces_do_not_mix(acme: Workspace) -> None:
    beta = opened("beta").workspace
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    deliver(beta, act("alice", "2026-04-01T09:00:00"), act("bob", "2026-04-02T09:00:00"))
    queue.sweep()
    assert ask(acme, "total_active_users", APRIL).answer.value == 1
    assert ask(beta, "total_active_users", APRIL).answer.value == 2


def test_a_sweep_lets_an_old_bucket_rest_after_a_rebuild(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    queue.sweep()
    assert grains_waiting(acme) == []
    deliver(acme, act("bob", "2026-04-01T09:30:00"))
    assert queue.sweep() == 0
    assert grains_waiting(acme) == ["hour"]
    Rollup.objects.filter(workspace=acme).update(opened_at=now() - timedelta(minutes=5))
    assert queue.sweep() == 3
    assert ask(acme, "total_active_users", APRIL).answer.value == 2


def test_a_sweep_rebuilds_a_recent_bucket_at_once(acme: Workspace) -> None:
    for who in ("alice", "bob"):
        deliver(acme, act(who, now().isoformat()), now=now())
        queue.sweep()
    hours = Rollup.objects.filter(workspace=acme, grain=Grain.HOUR, closed_at=None)
    assert hours.count() in (1, 2)  # two when the hour turned in between
    assert Marker.objects.filter(workspace=acme, grain=Grain.HOUR).count() == 0


def test_a_sweep_stops_when_its_time_is_up(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    assert queue.sweep(budget=0) == 0
    assert grains_waiting(acme) == ["hour"]


def test_a_poison_bucket_keeps_its_marker_and_lets_others_pass(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = worker.rebuild

    def poisoned(buckets: list[Bucket]) -> object:
        if any(bucket.grain is Grain.HOUR and bucket.start.hour == 9 for bucket in buckets):
            raise ValueError("nine is poison")
        return real(buckets)

    monkeypatch.setattr(worker, "rebuild", poisoned)
    deliver(acme, act("alice", "2026-04-01T09:00:00"), act("bob", "2026-04-01T10:00:00"))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            queue.settle(acme.pk)
            BucketFailure.objects.filter(workspace=acme).update(next_try_at=now())
    failure = BucketFailure.objects.get(workspace=acme)
    assert failure.start is not None
    assert (failure.start.hour, failure.attempts, failure.error) == (9, 5, "ValueError: nine is poison")
    assert [record.levelname for record in caplog.records if "failed 5 times" in record.message] == ["CRITICAL"]
    assert grains_waiting(acme) == ["hour"]
    assert ask(acme, "total_active_users", APRIL).answer.value == 1
    monkeypatch.undo()
    queue.settle(acme.pk)
    assert ask(acme, "total_active_users", APRIL).answer.value == 2


def test_a_failed_bucket_is_tried_again_later_and_later(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "rebuild", lambda buckets: 1 / 0)
    deliver(acme, act("alice", "2026-04-01T09:00:00"))
    pauses = []
    for _ in range(3):
        queue.settle(acme.pk)
        failure = BucketFailure.objects.get(workspace=acme)
        pauses.append(round((failure.next_try_at - now()).total_seconds()))
        BucketFailure.objects.filter(workspace=acme).update(next_try_at=now())
    assert pauses == [2, 4, 8]


def test_a_built_bucket_forgets_its_failures(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(worker, "rebuild", lambda buckets: 1 / 0)
        deliver(acme, act("alice", "2026-04-01T09:00:00"))
        queue.settle(acme.pk)
    BucketFailure.objects.filter(workspace=acme).update(next_try_at=now())
    queue.settle(acme.pk)
    assert not BucketFailure.objects.filter(workspace=acme).exists()


def test_shares_are_counted_by_their_facets(acme: Workspace) -> None:
    deliver(
        acme,
        share("alice", "2026-04-01T09:00:00"),
        share("alice", "2026-04-01T09:10:00"),
        share("bob", "2026-04-01T09:20:00", channel=None),
        share("bob", "2026-04-01T09:20:00", is_error=True),
        share("bob", "2026-04-01T09:20:00", status="failed"),
        share("bob", "2026-04-01T09:20:00", status="cancelled"),
    )
    queue.settle(acme.pk)
    rows = Rollup.objects.filter(workspace=acme, series="share.created", grain=Grain.MONTH).order_by("pk")
    assert sorted((row.facets["channel"] or "", row.facets["share_scope"]) for row in rows) == [
        ("", "product"),
        ("email", "product"),
    ]
    assert ask(acme, "share_actions", APRIL).answer.value == 3
    assert ask(acme, "users_who_shared", APRIL).answer.value == 2


def test_a_workspace_with_a_backlog_does_not_hold_up_another(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    beta = opened("beta").workspace
    deliver(
        acme, *(act("alice", f"2026-03-{day:02}T{hour:02}:00:00") for day in range(1, 29) for hour in range(24))
    )
    deliver(beta, act("bob", "2026-03-01T09:00:00"))
    order: list[int] = []
    real = worker.rebuild

    def rebuild(buckets: list[Bucket]) -> object:
        order.append(buckets[0].workspace_id)
        return real(buckets)

    monkeypatch.setattr(worker, "rebuild", rebuild)
    queue.sweep()
    assert beta.pk in order[:2]
