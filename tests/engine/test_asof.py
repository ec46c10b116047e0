"""By which day people are judged: a period's last, the one before it, today, or that of each event or entry."""

from dataclasses import replace
from datetime import date

import pytest

from apps.engine.conditions import All, AsOf, Condition, Did, TraitIs, TraitOp
from apps.engine.evaluate import evaluate
from apps.engine.expressions import Home, Question
from apps.engine.periods import PeriodError, between, parse_day, parse_month
from tests.engine.asking import APRIL, LATER, PLANS, PRO, active, april, asked, on, who
from tests.engine.brute import ALICE, BOB, KPIS, BruteFacts, Event, Stay, plan, share

MOVED = BruteFacts(
    [Event(ALICE, on(3)), Event(ALICE, on(20)), share(BOB, on(3)), share(BOB, on(20))],
    stays=[
        plan(ALICE, "free", date(2026, 3, 1), april(1)),
        plan(ALICE, "pro", april(1), april(10)),
        plan(ALICE, "team", april(10), date(2026, 5, 5)),
        plan(ALICE, "free", date(2026, 5, 5)),
        plan(BOB, "free", april(1), april(10)),
        plan(BOB, "pro", april(10)),
    ],
)


@pytest.mark.parametrize(
    ("as_of", "alice_was"),
    [
        (None, ["team"]),
        (AsOf.PERIOD_END, ["team"]),
        (AsOf.PERIOD_START, ["free"]),
        (AsOf.NOW, ["free"]),
        (AsOf.EVENT_DAY, ["pro", "team"]),
    ],
)
def test_people_are_judged_by_the_day_asked_for(as_of: AsOf | None, alice_was: list[str]) -> None:
    plans = [
        name
        for name in ("free", "pro", "team")
        if ALICE in active(MOVED, TraitIs("plan", TraitOp.EQUALS, (name,)), as_of)
    ]
    assert plans == alice_was


def test_a_share_is_judged_by_its_own_day_unless_asked_otherwise() -> None:
    actions = KPIS["share_actions"]
    assert evaluate(actions, asked(PRO), MOVED).value == 1
    assert evaluate(actions, asked(PRO, AsOf.PERIOD_END), MOVED).value == 2
    assert evaluate(actions, asked(PRO, AsOf.PERIOD_START), MOVED).value == 0


def test_a_running_period_is_judged_by_today_and_one_to_come_as_well() -> None:
    running = replace(asked(PRO), now=on(5))
    assert who("total_active_users", MOVED, running) == [ALICE]
    to_come = replace(asked(TraitIs("plan", TraitOp.IS_SET)), period=parse_month("2026-07", "UTC"))
    facts = replace(MOVED, events=[Event(ALICE, on(2, 7))], stays=[plan(ALICE, "pro", date(2026, 7, 1))])
    assert who("total_active_users", facts, to_come) == []


def test_an_entry_is_judged_by_its_day_and_a_stock_by_the_periods_end() -> None:
    registered = [Stay("user:registered", ALICE, april(3)), Stay("user:open", ALICE, april(3))]
    facts = replace(MOVED, stays=[*MOVED.stays, *registered])
    team = TraitIs("plan", TraitOp.EQUALS, ("team",))
    assert [who("signups", facts, asked(one)) for one in (PRO, team)] == [[ALICE], []]
    assert who("signups", facts, asked(team, AsOf.PERIOD_END)) == [ALICE]
    icp = replace(facts, stays=[*facts.stays, Stay("user:icp:small", ALICE, april(1))])
    assert [who("identified_icp_users", icp, asked(one)) for one in (PRO, team)] == [[], [ALICE]]
    free = TraitIs("plan", TraitOp.EQUALS, ("free",))
    assert who("identified_icp_users", icp, asked(free, AsOf.PERIOD_START)) == [ALICE]
    assert who("identified_icp_users", icp, asked(team, AsOf.EVENT_DAY)) == [ALICE]


def test_a_rate_by_each_events_day_has_both_sides_of_that_day() -> None:
    rate = evaluate(KPIS["product_sharing_rate"], asked(PRO, AsOf.EVENT_DAY), MOVED)
    assert rate.denominator is not None
    assert list(rate.numerator.everybody()) == [BOB]
    assert list(rate.denominator.everybody()) == [ALICE, BOB]


def test_the_population_is_judged_at_the_periods_end_whatever_the_segment_is() -> None:
    matched = [Stay("user:icp:small", ALICE, april(1), april(10)), Stay("user:icp:small", BOB, april(10))]
    facts = replace(MOVED, stays=[*MOVED.stays, *matched])
    assert who("total_icp_users_active", facts, asked(None)) == [BOB]
    assert who("total_icp_users_active", facts, asked(PRO, AsOf.PERIOD_START)) == []
    free = TraitIs("plan", TraitOp.EQUALS, ("free",))
    assert who("total_icp_users_active", facts, asked(free, AsOf.EVENT_DAY)) == [BOB]


def test_the_last_days_are_those_up_to_the_day_that_each_event_is_judged_by() -> None:
    facts = BruteFacts([Event(ALICE, on(1)), share(ALICE, on(3)), Event(BOB, on(9)), share(BOB, on(3))])
    recently = Did("share.created", days=3)
    assert active(facts, recently, AsOf.EVENT_DAY) == [ALICE, BOB]
    days = [replace(asked(recently), period=parse_day(f"2026-04-0{day}", "UTC")) for day in (1, 5, 9)]
    assert [who("total_active_users", facts, replace(day, as_of=AsOf.EVENT_DAY)) for day in days] == [[], [], []]
    acts = BruteFacts([Event(ALICE, on(1)), Event(ALICE, on(9)), share(BOB, on(3))], stays=[])
    both = Did("action.performed", days=9)
    assert active(acts, All((both, Did("action.performed", 2, days=9))), AsOf.EVENT_DAY) == [ALICE]
    assert active(acts, Did("action.performed", 2, days=8), AsOf.EVENT_DAY) == []


BERLIN = Home("Europe/Berlin")


def test_in_another_zone_people_are_judged_by_the_workspaces_day_of_the_last_instant() -> None:
    stays = [plan(ALICE, "pro", date(2026, 5, 1))]
    facts = BruteFacts([Event(ALICE, on(30))], stays=stays, zone="Europe/Berlin")
    in_utc = Question(APRIL, LATER, home=BERLIN, segment=PRO)
    assert who("total_active_users", facts, in_utc) == [ALICE]
    in_berlin = replace(in_utc, period=parse_month("2026-04", "Europe/Berlin"))
    assert who("total_active_users", facts, in_berlin) == []
    may = replace(in_utc, period=parse_month("2026-05", "UTC"), as_of=AsOf.PERIOD_START)
    facts = replace(facts, events=[Event(ALICE, on(2, 5))])
    assert who("total_active_users", facts, may) == [ALICE]


@pytest.mark.parametrize(
    ("slug", "segment", "as_of"),
    [
        ("signups", None, None),
        ("share_actions", PRO, None),
        ("total_active_users", PRO, AsOf.EVENT_DAY),
    ],
)
def test_in_another_zone_nothing_is_known_by_the_day_of_an_event_or_an_entry(
    slug: str, segment: Condition | None, as_of: AsOf | None
) -> None:
    with pytest.raises(PeriodError) as refused:
        evaluate(KPIS[slug], Question(APRIL, LATER, home=BERLIN, segment=segment, as_of=as_of), BruteFacts())
    assert (refused.value.code, refused.value.field) == ("TIMEZONE_NOT_ALIGNED", "timezone")


def test_in_another_zone_events_are_still_counted() -> None:
    facts = BruteFacts([share(ALICE, on(3))])
    assert evaluate(KPIS["share_actions"], Question(APRIL, LATER, home=BERLIN), facts).value == 1


def test_day_by_day_ten_years_are_the_most() -> None:
    years = between(date(2016, 1, 1), date(2026, 1, 9), "UTC")
    evaluate(KPIS["share_actions"], replace(asked(PRO), period=between(years.first, years.last, "UTC")), PLANS)
    with pytest.raises(PeriodError, match="at most 3,660 days") as refused:
        evaluate(KPIS["share_actions"], replace(asked(PRO), period=years), PLANS)
    assert refused.value.code == "TOO_MANY_DAYS"


def test_what_people_did_is_counted_over_ten_years_at_most() -> None:
    years = between(date(2016, 1, 1), date(2026, 1, 9), "UTC")
    deeds = (
        Did("share.created", period=between(years.first, years.last, "UTC")),
        Did("share.created", period=years),
    )
    assert active(PLANS, deeds[0]) == []
    with pytest.raises(PeriodError, match="at most 3,660 days"):
        active(PLANS, deeds[1])
