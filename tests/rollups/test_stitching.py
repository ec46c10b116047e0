"""Whose an event is when its hour is counted: after merges, and once a visitor turned out to be somebody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.audience.models import ProductUser
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain
from apps.engine.sets import Members, Space
from apps.rollups.build.content import Bucket, Content
from apps.rollups.build.events import hours
from apps.workspaces.models import Workspace
from tests.people import alias, identify, merged, unnamed, visit
from tests.world import act, deliver, opened, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    """A workspace that knows Alice and Bob."""
    workspace = opened().workspace
    deliver(workspace, act("alice", "2026-01-01T00:00:00"), act("bob", "2026-01-01T00:00:00"))
    return workspace


def active(workspace: Workspace, *days: int) -> list[list[str]]:
    """Who was active in the hour from nine to ten on each of these days of April."""
    starts = [datetime(2026, 4, day, 9, tzinfo=UTC) for day in days]
    built = hours([Bucket(workspace.pk, "ACTIVITY", 1, Grain.HOUR, start) for start in starts])
    names = dict(ProductUser.objects.filter(workspace=workspace).values_list("ordinal", "external_id"))
    members = [Members.load(Space.USER, built[start][()].members) if start in built else () for start in starts]
    return [[names[ordinal] for ordinal in one] for one in members]


def test_a_visit_is_that_of_the_latest_identify_before_it_or_else_of_the_earliest(acme: Workspace) -> None:
    deliver(
        acme,
        *(visit("v-1", f"2026-04-{day:02}T09:30:00") for day in (1, 12, 22)),
        visit("v-1", "2026-04-20T09:00:00"),
        visit("nobody", "2026-04-02T09:30:00"),
        identify("bob", "2026-04-20T09:00:00", anonymous="v-1"),
        identify("alice", "2026-04-10T09:00:00", anonymous="v-1"),
    )
    assert active(acme, 1, 12, 20, 22, 2) == [["alice"], ["alice"], ["bob"], ["bob"], []]


@pytest.mark.parametrize(("first", "second"), [("m-1", "m-2"), ("m-2", "m-1")])
def test_of_two_identifies_at_once_the_greater_message_id_is_the_later(
    acme: Workspace, first: str, second: str
) -> None:
    deliver(
        acme,
        visit("v-1", "2026-04-01T09:30:00"),
        visit("v-1", "2026-04-12T09:30:00"),
        identify("alice", "2026-04-10T09:00:00", anonymous="v-1", message=first),
        identify("bob", "2026-04-10T09:00:00", anonymous="v-1", message=second),
    )
    later, earlier = ("bob", "alice") if second == "m-2" else ("alice", "bob")
    assert active(acme, 1, 12) == [[earlier], [later]]


def test_whoever_said_who_they_are_is_that(acme: Workspace) -> None:
    deliver(
        acme,
        {**act("alice", "2026-04-12T09:30:00"), "anonymousId": "v-1"},
        identify("bob", "2026-04-10T09:00:00", anonymous="v-1"),
    )
    assert active(acme, 12) == [["alice"]]


def test_an_alias_stitches_and_merges(acme: Workspace) -> None:
    deliver(acme, visit("v-1", "2026-04-01T09:30:00"), act("v-1", "2026-04-02T09:30:00"), alias("alice", "v-1"))
    assert active(acme, 1, 2) == [["alice"], ["alice"]]


def test_merged_people_count_once_and_their_shares_add_up(acme: Workspace) -> None:
    deliver(
        acme,
        *(share("al", f"2026-04-01T09:{minute}:00") for minute in (10, 20)),
        share("alice", "2026-04-01T09:30:00"),
        share("alice", "2026-04-01T09:35:00", channel="social"),
        unnamed(share("", "2026-04-01T09:40:00"), "v-1"),
        share("bob", "2026-04-01T09:50:00"),
        identify("ally", "2026-04-02T09:00:00", anonymous="v-1"),
        merged("al", "ally"),
        merged("ally", "alice"),
    )
    start = datetime(2026, 4, 1, 9, tzinfo=UTC)
    rows = hours([Bucket(acme.pk, "share.created", 1, Grain.HOUR, start)])[start]
    assert {dict(facets)["channel"]: amounts(row) for facets, row in rows.items()} == {
        "email": [(0, 4), (1, 1)],
        "social": [(0, 1)],
    }


def amounts(row: Content) -> list[tuple[int, int]]:
    members = Members.load(Space.USER, row.members)
    return Numbers.load(Space.USER, members, row.numbers or b"").items(None, 10)
