"""KPIs of who people are: segments, profiles, stocks and entries, from messages to answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.audience import icp as profiles
from apps.audience.models import Account, IcpProfile, ProductUser
from apps.engine.conditions import Any as AnyOf
from apps.engine.conditions import AsOf, Condition, Did, InIcp, Not, TraitIs, TraitOp
from apps.engine.expressions import Question
from apps.engine.parts import UNKNOWN, By, ByCondition, ByTrait, Part
from apps.engine.periods import parse_month
from apps.engine.sets import Space
from apps.events import icp
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, Result, breakdown, evaluate, home
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.world import NOW, act, deliver, group, identify, opened, share, track

pytestmark = pytest.mark.django_db

APRIL = parse_month("2026-04", "UTC")
PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",))


def settled(workspace: Workspace, *messages: object) -> None:
    deliver(workspace, *messages)
    queue.settle(workspace.pk)


@pytest.fixture
def acme() -> Workspace:
    """Alice of Hooli comes to be pro, and shares; Bob is free, and shares content; Carol becomes pro, and acts.

    Dora signs up at the last moment of April, which is all that she does, and Ed did long before.
    """
    acme = opened().workspace
    settled(
        acme,
        track("user.signed_up", "alice", "2026-03-02T09:00:00", channel="ads"),
        track("user.signed_up", "bob", "2026-04-02T09:00:00", channel="ads"),
        track("user.signed_up", "dora", "2026-04-30T23:59:59", channel="ads"),
        track("user.signed_up", "ed", "2026-01-02T09:00:00", channel="ads"),
        track("account.created", "alice", "2026-04-02T09:00:00", account="hooli"),
        group("alice", "hooli", "2026-04-02T09:00:00", plan="pro"),
        identify("bob", "2026-03-01T09:00:00", plan="free"),
        identify("carol", "2026-03-01T09:00:00", plan="free"),
        identify("carol", "2026-04-20T09:00:00", plan="pro"),
        share("alice", "2026-04-03T09:00:00"),
        share("bob", "2026-04-03T09:00:00", share_scope="content"),
        act("carol", "2026-04-03T09:00:00"),
    )
    return acme


def asked(acme: Workspace, slug: str, segment: Condition | None = None, as_of: AsOf | None = None) -> Result:
    question = Question(APRIL, NOW, home=home(acme), segment=segment, as_of=as_of)
    return evaluate(acme, [Asked(find(slug), question)])[0]


def who(acme: Workspace, result: Result) -> list[str]:
    members = (result.answer.denominator or result.answer.numerator).everybody()
    subjects = ProductUser if members.space is Space.USER else Account
    named = subjects.objects.filter(workspace=acme, ordinal__in=list(members))
    return sorted(named.values_list("external_id", flat=True))


def approved(acme: Workspace, slug: str, *comparisons: dict[str, Any]) -> None:
    profile = IcpProfile.objects.create(workspace=acme, slug=slug, name=slug.title())
    rule = [{"not": False, "all": [{"not": False, **one} for one in comparisons]}]
    icp.approve(acme.pk, profiles.draft(profile, rule).pk, "eve")
    queue.settle(acme.pk)
    acme.refresh_from_db()


def test_a_segment_is_judged_at_the_periods_end(acme: Workspace) -> None:
    assert who(acme, asked(acme, "total_active_users", PRO)) == ["alice", "carol"]
    assert who(acme, asked(acme, "total_active_users", PRO, AsOf.EVENT_DAY)) == ["alice"]
    assert who(acme, asked(acme, "total_active_users", PRO, AsOf.PERIOD_START)) == []


def test_a_rate_among_a_segment(acme: Workspace) -> None:
    result = asked(acme, "product_sharing_rate", PRO)
    assert (result.answer.value, result.receipt.segment_size) == (Decimal(50), 2)
    assert asked(acme, "product_sharing_rate").receipt.segment_size is None


def test_who_did_something_is_read_from_the_events(acme: Workspace) -> None:
    did = Did("share.created", where=(("share_scope", frozenset({"content"})),))
    assert who(acme, asked(acme, "total_active_users", did)) == ["bob"]


def test_signups_and_new_accounts_are_entries_of_the_period(acme: Workspace) -> None:
    assert who(acme, asked(acme, "signups")) == ["bob", "dora"]
    assert who(acme, asked(acme, "signups", TraitIs("plan", TraitOp.IS_SET))) == ["bob"]
    assert who(acme, asked(acme, "new_accounts")) == ["hooli"]
    assert who(acme, asked(acme, "new_accounts", PRO)) == ["hooli"]


def test_adoption_is_of_the_registered_and_the_active(acme: Workspace) -> None:
    result = asked(acme, "product_adoption_rate")
    assert result.answer.value == 80
    assert who(acme, result) == ["alice", "bob", "carol", "dora", "ed"]


def test_without_a_profile_nobody_is_ideal(acme: Workspace) -> None:
    rate = asked(acme, "share_rate_among_icps").answer
    assert rate.denominator is not None
    assert (rate.value, rate.denominator.amount) == (None, 0)
    assert asked(acme, "identified_icp_users").answer.value == 0


def test_the_share_rate_among_the_ideal(acme: Workspace) -> None:
    approved(acme, "paying", {"name": "plan", "op": "EQUALS", "values": ["pro"]})
    rate = asked(acme, "share_rate_among_icps")
    assert (rate.answer.value, who(acme, rate)) == (Decimal(50), ["alice", "carol"])
    assert who(acme, asked(acme, "icp_users_who_shared")) == ["alice"]
    assert who(acme, asked(acme, "total_icp_users_active")) == ["alice", "carol"]
    assert who(acme, asked(acme, "identified_icp_users")) == ["alice"]


def sides(acme: Workspace, slug: str, by: By, first: int = 20) -> list[tuple[Part | None, int]]:
    rows = breakdown(acme, Asked(find(slug), Question(APRIL, NOW), by), first)
    return [(row.asked.part, len((row.answer.denominator or row.answer.numerator).everybody())) for row in rows]


def test_breakdowns_by_a_trait_and_by_profile(acme: Workspace) -> None:
    approved(acme, "paying", {"name": "plan", "op": "EQUALS", "values": ["pro"]})
    assert sides(acme, "product_sharing_rate", ByTrait("plan")) == [
        (Part('"pro"'), 2),
        (Part('"free"'), 1),
        (UNKNOWN, 1),
    ]
    by_icp = ByCondition({"paying": InIcp("paying")})
    assert sides(acme, "product_sharing_rate", by_icp) == [(Part("paying"), 2), (UNKNOWN, 2)]


def test_a_receipt_tells_answers_to_other_questions_apart(acme: Workspace) -> None:
    everybody = Not(AnyOf(()))
    answers = [asked(acme, "total_active_users", segment) for segment in (None, everybody, everybody)]
    answers.append(asked(acme, "total_active_users", everybody, AsOf.PERIOD_END))
    assert [result.answer.value for result in answers] == [4, 4, 4, 4]
    plain, segmented, again, explicit = (result.receipt.digest for result in answers)
    assert segmented == again
    assert len({plain, segmented, explicit}) == 3
