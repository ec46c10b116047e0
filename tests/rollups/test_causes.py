"""A merge or a stitch reaches buckets that its own transaction could not see."""

import math
from datetime import timedelta

import pytest
from django.db import connection

from apps.engine.periods import parse_month
from apps.rollups import causes, queue, subjects
from apps.rollups.models import Rollup
from apps.workspaces.models import Marker, Workspace
from tests.world import act, alias, ask, deliver, group, opened, recognise, share

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def visit(anonymous: str, at: str) -> dict[str, object]:
    message = {key: value for key, value in act("nobody", at).items() if key != "userId"}
    return message | {"anonymousId": anonymous}


def active(workspace: Workspace, month: str) -> int:
    return int(ask(workspace, "total_active_users", parse_month(month, "UTC")).answer.numerator.amount)


def hours(workspace: Workspace) -> set[str]:
    markers = Marker.objects.filter(workspace=workspace, family="events", grain="hour", series="ACTIVITY")
    return {f"{start:%m-%d %H}" for start in markers.values_list("start", flat=True)}


def test_visits_count_for_whom_they_turn_out_to_be_in_their_own_months(acme: Workspace) -> None:
    deliver(acme, visit("cookie", "2026-03-05T10:00:00"), visit("stranger", "2026-03-05T10:00:00"))
    queue.settle(acme.pk)
    assert active(acme, "2026-03") == 0
    deliver(acme, recognise("cookie", "alice", "2026-04-05T10:00:00"))
    queue.settle(acme.pk)
    assert (active(acme, "2026-03"), active(acme, "2026-04")) == (1, 0)


def test_a_second_identify_takes_what_comes_after_it(acme: Workspace) -> None:
    deliver(
        acme,
        recognise("shared-laptop", "alice", "2026-04-05T10:00:00"),
        recognise("shared-laptop", "bob", "2026-04-07T10:00:00"),
        visit("shared-laptop", "2026-03-01T10:00:00"),
        visit("shared-laptop", "2026-04-06T10:00:00"),
    )
    queue.settle(acme.pk)
    assert (active(acme, "2026-03"), active(acme, "2026-04")) == (1, 1)
    deliver(acme, visit("shared-laptop", "2026-04-07T10:00:00"))
    queue.settle(acme.pk)
    assert active(acme, "2026-04") == 2


def test_only_the_hours_of_whoever_was_merged_away_are_marked(acme: Workspace) -> None:
    deliver(
        acme,
        act("alice", "2026-04-01T10:00:00"),
        act("alice-old", "2026-04-02T11:00:00"),
        recognise("cookie", "alice-old", "2026-04-02T11:00:00"),
        visit("cookie", "2026-04-03T12:00:00"),
        act("alice-older", "2026-04-04T13:00:00"),
        alias("alice-older", "alice-old", "2026-04-05T10:00:00"),
    )
    queue.settle(acme.pk)
    deliver(acme, alias("alice-old", "alice", "2026-04-06T10:00:00"))
    assert hours(acme) == set()
    assert causes.expand(acme.pk) > 0
    assert hours(acme) == {"04-02 11", "04-03 12", "04-04 13"}
    queue.settle(acme.pk)
    assert active(acme, "2026-04") == 1


def test_merged_shares_of_one_hour_add_up(acme: Workspace) -> None:
    deliver(
        acme,
        share("alice", "2026-04-01T10:05:00"),
        share("alice-old", "2026-04-01T10:06:00"),
        share("alice-old", "2026-04-01T10:07:00"),
        alias("alice-old", "alice", "2026-04-06T10:00:00"),
    )
    queue.settle(acme.pk)
    numerator = ask(acme, "share_actions", parse_month("2026-04", "UTC")).answer.numerator
    assert numerator.amount == 3
    assert [amount for _, amount in numerator.contributors().items(None, 10)] == [3]


def test_an_event_that_commits_after_the_merge_was_expanded_counts_for_the_survivor(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-01T10:00:00"), act("alice-old", "2026-04-01T11:00:00"))
    deliver(acme, alias("alice-old", "alice", "2026-04-06T10:00:00"))
    queue.settle(acme.pk)
    deliver(acme, act("alice-old", "2026-04-02T11:00:00"))
    queue.settle(acme.pk)
    assert active(acme, "2026-04") == 1


def test_two_workers_expand_different_causes(acme: Workspace) -> None:
    deliver(acme, recognise("cookie", "alice", "2026-04-05T10:00:00"))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM workspaces_marker WHERE family = 'cause' FOR UPDATE")
            assert causes.expand(acme.pk) == 0
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert causes.expand(acme.pk) == 1


def test_while_a_crowd_is_resolved_moves_are_left_and_merges_are_not(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "BATCH", 2)
    people = ("alice", "bob", "carla")
    deliver(acme, *(share(who, "2026-04-01T10:00:00") for who in (*people, "al")))
    queue.settle(acme.pk)
    deliver(
        acme,
        *(group(who, "hooli", "2026-03-01T10:00:00") for who in people),
        alias("al", "alice", "2026-04-02T10:00:00"),
    )

    def left() -> list[str]:
        waiting = Marker.objects.filter(workspace=acme, family="cause").order_by("series")
        return list(waiting.values_list("series", flat=True))

    turns = []
    while queue._turn(acme.pk, timedelta(0), math.inf):  # noqa: SLF001
        turns.append(left())
    assert set(turns[0]) == {"moved"}
    assert turns[-1] == []
    assert Rollup.objects.filter(workspace=acme, series="share.created@account", closed_xid=None).exists()
