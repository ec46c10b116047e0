"""Breakdowns by two dimensions at once, of named people (KPIS.md G9)."""

from typing import Any

import pytest

from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.definitions import where
from apps.engine.expressions import Question
from apps.engine.parts import By, ByBoth, ByCondition, ByTrait, EventFacet
from apps.engine.periods import parse_month
from apps.kpis.catalogue import find
from apps.kpis.changes import change
from apps.kpis.evaluate import Asked, Result, breakdown
from apps.kpis.explain import explain
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, deliver, identify, opened, share, track

pytestmark = pytest.mark.django_db

MARCH, APRIL = parse_month("2026-03", "UTC"), parse_month("2026-04", "UTC")
NOON = "2026-04-10T12:00:00"
TYPE, CHANNEL = EventFacet("share_type"), EventFacet("channel")
OBJECT, FEATURE = EventFacet("object_type"), EventFacet("feature")
PLAN = ByTrait("plan")
OTHERS = ("(other)", "(other)")


@pytest.fixture
def acme() -> Workspace:
    """Alice is on pro and shares by mail and by link, Bob, on free, by link twice; Carla is active, and on pro."""
    workspace = opened().workspace
    deliver(
        workspace,
        share("alice", NOON, object_type="doc", feature="menu"),
        share("alice", NOON, object_type="doc", share_type="link", channel="copy_link"),
        share("bob", NOON, object_type="report", share_type="link", channel="copy_link"),
        share("bob", NOON, object_type="doc", share_type="link", channel="social"),
        act("carla", NOON),
        *(identify(who, "2026-04-01T00:00:00", plan="pro") for who in ("alice", "carla")),
        identify("bob", "2026-04-01T00:00:00", plan="free"),
    )
    queue.settle(workspace.pk)
    return workspace


def rows(workspace: Workspace, slug: str, by: By, first: int = 20, **limits: list[str | None]) -> list[Result]:
    return breakdown(workspace, Asked(find(slug), Question(APRIL, NOW, where(limits)), by), first)


def sides(result: Result) -> tuple[int, ...]:
    answer = result.answer
    return tuple(int(side.amount) for side in (answer.numerator, answer.denominator) if side)


def pairs(found: list[Result]) -> list[tuple[Any, ...]]:
    return [(*(part.key for _, part in row.asked.split), *sides(row)) for row in found]


def said(found: list[Result]) -> list[str]:
    return [explain(row).partition(" in April 2026 (UTC)")[2] for row in found]


def test_two_fields_hold_of_the_same_share(acme: Workspace) -> None:
    assert pairs(rows(acme, "share_actions", ByBoth(TYPE, CHANNEL))) == [
        ("link", "copy_link", 2),
        ("invite", "email", 1),
        ("link", "social", 1),
    ]
    assert pairs(rows(acme, "product_sharing_rate", ByBoth(CHANNEL, TYPE), 1)) == [
        ("copy_link", "link", 2, 3),
        (*OTHERS, 2, 3),
    ]


def test_people_of_no_share_are_told_apart_by_one_share_that_has_both(acme: Workspace) -> None:
    assert pairs(rows(acme, "total_active_users", ByBoth(TYPE, CHANNEL))) == [
        ("link", "copy_link", 2),
        ("invite", "email", 1),
        ("link", "social", 1),
    ]
    assert pairs(rows(acme, "total_active_users", ByBoth(TYPE, PLAN))) == [
        ("invite", '"pro"', 1),
        ("link", '"free"', 1),
        ("link", '"pro"', 1),
    ]


def test_fields_that_no_rows_tell_apart_are_read_from_the_events(acme: Workspace) -> None:
    found = rows(acme, "share_actions", ByBoth(OBJECT, FEATURE))
    assert pairs(found) == [("doc", None, 2), ("doc", "menu", 1), ("report", None, 1)]
    assert {name.split()[1] for name in found[1].receipt.rollups} == {"feature=menu"}
    among_links = rows(acme, "share_actions", ByBoth(OBJECT, CHANNEL), share_type=["link"])
    assert pairs(among_links) == [("doc", "copy_link", 1), ("doc", "social", 1), ("report", "copy_link", 1)]


def test_a_field_and_a_trait_split_what_each_of_them_splits(acme: Workspace) -> None:
    found = rows(acme, "product_sharing_rate", ByBoth(TYPE, PLAN))
    assert pairs(found) == [
        ("invite", '"pro"', 1, 2),
        ("link", '"free"', 1, 1),
        ("link", '"pro"', 1, 2),
        # Nobody on free invites, and somebody is on free, of whom that is a part.
        ("invite", '"free"', 0, 1),
    ]
    assert pairs(rows(acme, "share_actions", ByBoth(PLAN, TYPE), 1)) == [('"free"', "link", 2), (*OTHERS, 2)]


def test_who_holds_two_conditions_counts_once_among_the_others(acme: Workspace) -> None:
    on_a_plan = {plan: TraitIs("plan", TraitOp.EQUALS, (plan,)) for plan in ("pro", "free")}
    some = ByCondition({**on_a_plan, "any": TraitIs("plan", TraitOp.IS_SET)})
    assert pairs(rows(acme, "share_actions", ByBoth(some, TYPE), 1)) == [("any", "link", 3), (*OTHERS, 4)]
    assert pairs(rows(acme, "total_active_users", ByBoth(some, PLAN))) == [
        ("any", '"pro"', 2),
        ("pro", '"pro"', 2),
        ("any", '"free"', 1),
        ("free", '"free"', 1),
    ]


def test_a_session_with_two_shares_is_in_two_pairs_and_once_among_the_others(acme: Workspace) -> None:
    deliver(acme, track("session.started", "alice", NOON, session="s-1", platform="web"))
    deliver(acme, track("session.started", "bob", NOON, session="s-2", platform="ios"))
    deliver(acme, share("alice", NOON, session="s-1"), share("alice", NOON, session="s-1", share_type="link"))
    queue.settle(acme.pk)
    by = ByBoth(EventFacet("platform"), TYPE)
    assert pairs(rows(acme, "product_sharing_rate_by_session", by)) == [
        ("web", "invite", 1, 1),
        ("web", "link", 1, 1),
        ("ios", "invite", 0, 1),
        ("ios", "link", 0, 1),
    ]
    assert pairs(rows(acme, "product_sharing_rate_by_session", by, 0)) == [(*OTHERS, 1, 2)]
    assert pairs(rows(acme, "product_sharing_rate_by_session", ByBoth(TYPE, PLAN), 0)) == [(*OTHERS, 1, 2)]


def test_a_pair_is_told_by_both(acme: Workspace) -> None:
    invited, others = map(explain, rows(acme, "product_sharing_rate", ByBoth(TYPE, PLAN), 1))
    assert invited == (
        "Among people of whom plan is pro, 1 of the 2 people active in April 2026 (UTC) shared "
        "(only share type invite): 50 %."
    )
    assert others == (
        "Among people of whom share type and plan are another pair, 2 of the 3 people active in April 2026 (UTC) "
        "shared: 66.67 %."
    )
    some = ByCondition({"paying": TraitIs("plan", TraitOp.EQUALS, ("pro",))})
    (among,) = rows(acme, "total_active_users", ByBoth(PLAN, some), 0)
    assert explain(among).startswith("Among people of whom plan and which of paying holds are another pair, 3 ")


def test_each_pair_has_a_receipt_of_its_own(acme: Workspace) -> None:
    for by in (ByBoth(TYPE, CHANNEL), ByBoth(TYPE, PLAN), ByBoth(PLAN, OBJECT)):
        first, second, *_ = rows(acme, "share_actions", by)
        assert first.receipt.digest != second.receipt.digest
        (again, *_) = rows(acme, "share_actions", by)
        assert again.receipt == first.receipt


def test_a_pair_is_compared_with_the_same_pair(acme: Workspace) -> None:
    deliver(acme, share("dora", "2026-03-10T12:00:00", share_type="link", channel="copy_link"))
    queue.settle(acme.pk)
    for by, before in ((ByBoth(TYPE, CHANNEL), 1), (ByBoth(OBJECT, CHANNEL), 0), (ByBoth(CHANNEL, PLAN), 0)):
        first, *_, others = rows(acme, "share_actions", by, 1)
        changed = change(acme, first, MARCH)
        assert changed is not None
        assert sides(changed.previous) == (before,)
        assert change(acme, others, MARCH) is None
