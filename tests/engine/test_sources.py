from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from apps.engine.conditions import All, AsOf, Condition, Did, InIcp, KpiSide, Not, SideName, TraitIs, TraitOp
from apps.engine.definitions import where
from apps.engine.expressions import AnyNeed, DidNeed, EntryNeed, Home, Need, Question, StateNeed
from apps.engine.parts import ByCondition, ByTrait, EventFacet
from apps.engine.periods import parse_day, parse_month
from apps.engine.sets import Space
from apps.engine.sources import breakdown_needs, needs
from tests.engine.brute import KPIS, PRODUCT, SERIES

APRIL = parse_month("2026-04", "UTC")
LATER = datetime(2026, 6, 10, 12, tzinfo=UTC)
LAST, BEFORE = date(2026, 4, 30), date(2026, 3, 31)
LINKS = frozenset({"link"})
PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",), frozenset(Space))
HOME = Home("UTC", ("large", "small"))


def need(series: str, condition: dict[str, list[str | None]], *, counts: bool = False) -> Need:
    return Need(series, where(condition), APRIL.start, APRIL.end, counts)


def test_a_ratio_needs_both_sides() -> None:
    assert needs(KPIS["product_sharing_rate"], Question(APRIL, LATER), SERIES) == [
        need("share.created", {"share_scope": ["product"]}),
        need("ACTIVITY", {}),
    ]


def test_a_count_needs_numbers() -> None:
    assert needs(KPIS["share_actions"], Question(APRIL, LATER), SERIES) == [
        Need("share.created", PRODUCT, APRIL.start, APRIL.end, counts=True)
    ]


def test_filters_restrict_the_operands_that_carry_them() -> None:
    question = Question(APRIL, LATER, limits=where({"share_type": LINKS, "channel": {"email", None}}))
    assert needs(KPIS["product_sharing_rate"], question, SERIES) == [
        need("share.created", {"share_scope": ["product"], "share_type": ["link"], "channel": ["email", None]}),
        need("ACTIVITY", {}),
    ]


def test_without_an_operand_that_carries_them_filters_ask_for_the_people_with_such_a_share() -> None:
    question = Question(APRIL, LATER, limits=where({"share_type": LINKS, "channel": {"email"}}))
    assert needs(KPIS["total_active_users"], question, SERIES) == [
        need("ACTIVITY", {}),
        need("share.created", {"share_type": ["link"], "channel": ["email"]}),
    ]


def test_the_people_with_such_a_share_are_those_of_the_answered_period() -> None:
    last_day = parse_day("2026-04-30", "UTC")
    assert needs(KPIS["dau"], Question(APRIL, LATER, limits=where({"share_type": LINKS})), SERIES) == [
        replace(need("ACTIVITY", {}), start=last_day.start, end=last_day.end),
        replace(need("share.created", {"share_type": ["link"]}), start=last_day.start, end=last_day.end),
    ]


def test_a_breakdown_needs_no_more_than_its_whole() -> None:
    question = Question(APRIL, LATER, limits=where({"share_type": LINKS}))
    kpi = KPIS["product_sharing_rate"]
    assert breakdown_needs(kpi, question, EventFacet("share_type"), SERIES) == needs(kpi, question, SERIES)


def test_a_breakdown_of_an_operand_without_the_facet_needs_the_people_with_a_share() -> None:
    assert breakdown_needs(KPIS["total_active_users"], Question(APRIL, LATER), EventFacet("channel"), SERIES) == [
        need("ACTIVITY", {}),
        need("share.created", {}),
    ]


def segment_needs(slug: str, segment: Condition, as_of: AsOf | None = None) -> list[AnyNeed]:
    """What a segment of April needs beside what its KPI does."""
    question = Question(APRIL, LATER, home=HOME, segment=segment, as_of=as_of)
    return [one for one in needs(KPIS[slug], question, SERIES) if one != need("ACTIVITY", {})]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (PRO, [StateNeed("user:trait:plan", LAST)]),
        (InIcp("small"), [StateNeed("user:icp:small", LAST)]),
        (Not(InIcp()), [StateNeed("user:icp:large", LAST), StateNeed("user:icp:small", LAST)]),
        (Did("login"), [DidNeed("login", (), APRIL.first, LAST)]),
        (Did("login", days=7), [DidNeed("login", (), date(2026, 4, 24), LAST)]),
        (All((PRO, PRO)), [StateNeed("user:trait:plan", LAST)]),
        (
            KpiSide(KPIS["users_who_shared"], SideName.NUMERATOR),
            [need("share.created", {"share_scope": ["product"]})],
        ),
    ],
)
def test_a_segment_needs_what_its_leaves_are_about(segment: Condition, expected: list[AnyNeed]) -> None:
    assert segment_needs("total_active_users", segment) == expected


def test_an_accounts_own_trait_and_its_users_are_other_needs() -> None:
    of_users = replace(PRO, spaces=frozenset({Space.USER}))
    april = parse_day("2026-04-01", "UTC")
    for trait, series in ((PRO, "account:trait:plan"), (of_users, "user:trait:plan")):
        question = Question(april, LATER, home=HOME, segment=trait)
        day = april.first
        assert needs(KPIS["new_accounts"], question, SERIES) == [
            EntryNeed("account:registered", day, day),
            StateNeed(series, day),
        ]


def test_what_is_judged_day_by_day_needs_every_day() -> None:
    found = segment_needs("total_active_users", All((PRO, Did("login", days=3))), AsOf.EVENT_DAY)
    assert [one.day.day for one in found if isinstance(one, StateNeed)] == list(range(1, 31))
    assert [one for one in found if isinstance(one, DidNeed)] == [DidNeed("login", (), date(2026, 3, 30), LAST)]
    assert len([one for one in found if isinstance(one, Need)]) == 30


def test_without_a_segment_nothing_is_needed_day_by_day() -> None:
    by_day = Question(APRIL, LATER, as_of=AsOf.EVENT_DAY)
    assert needs(KPIS["total_active_users"], by_day, SERIES) == [need("ACTIVITY", {})]
    assert needs(KPIS["signups"], by_day, SERIES) == [EntryNeed("user:registered", APRIL.first, LAST)]


def test_a_population_needs_each_profile_at_the_end_whatever_the_segment_does() -> None:
    question = Question(APRIL, LATER, home=HOME, segment=PRO, as_of=AsOf.PERIOD_START)
    assert needs(KPIS["identified_icp_users"], question, SERIES) == [
        StateNeed("user:open", LAST),
        StateNeed("user:icp:large", LAST),
        StateNeed("user:icp:small", LAST),
        StateNeed("user:trait:plan", BEFORE),
    ]


def test_a_breakdown_by_a_trait_needs_it_of_whoever_is_counted() -> None:
    question = Question(APRIL, LATER, home=HOME)
    assert breakdown_needs(KPIS["total_active_users"], question, ByTrait("plan"), SERIES) == [
        need("ACTIVITY", {}),
        StateNeed("user:trait:plan", LAST),
    ]
    accounts = breakdown_needs(KPIS["new_accounts"], question, ByTrait("plan"), SERIES)
    assert accounts[-1] == StateNeed("account:trait:plan", LAST)


def test_a_breakdown_by_conditions_needs_what_these_do() -> None:
    by = ByCondition({"small": InIcp("small"), "pro": PRO})
    assert breakdown_needs(KPIS["total_active_users"], Question(APRIL, LATER, home=HOME), by, SERIES) == [
        need("ACTIVITY", {}),
        StateNeed("user:icp:small", LAST),
        StateNeed("user:trait:plan", LAST),
    ]
