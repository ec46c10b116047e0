from datetime import UTC, date, datetime

import pytest

from apps.engine.definitions import where
from apps.engine.expressions import Need, Question, answered_period, breakdown_needs, needs
from apps.engine.periods import Period, between, parse_day, parse_month, parse_quarter, parse_year
from tests.engine.brute import KPIS, PRODUCT, SERIES

APRIL = parse_month("2026-04", "UTC")
LATER = datetime(2026, 6, 10, 12, tzinfo=UTC)
LINKS = frozenset({"link"})


def need(series: str, condition: dict[str, list[str | None]], *, counts: bool = False) -> Need:
    return Need(series, where(condition), APRIL.start, APRIL.end, counts)


@pytest.mark.parametrize(
    ("slug", "period", "now", "label"),
    [
        ("total_active_users", APRIL, LATER, "2026-04"),
        ("dau", APRIL, LATER, "2026-04-30"),
        ("wau", APRIL, LATER, "2026-W18"),
        ("mau", parse_quarter("2026-Q1", "UTC"), LATER, "2026-03"),
        ("mau", parse_day("2026-04-03", "UTC"), LATER, "2026-04"),
        ("dau", between(date(2026, 4, 1), date(2026, 4, 15), "UTC"), LATER, "2026-04-14"),
        # Running: what holds today.
        ("dau", parse_year("2026", "UTC"), LATER, "2026-06-10"),
        ("wau", parse_quarter("2026-Q2", "UTC"), LATER, "2026-W24"),
        ("mau", parse_year("2026", "UTC"), LATER, "2026-06"),
        # Still to come: its own last day.
        ("dau", parse_month("2026-07", "UTC"), LATER, "2026-07-31"),
        ("mau_rolling_30d", APRIL, LATER, "2026-04-01/2026-05-01"),
        ("mau_rolling_30d", parse_month("2026-03", "UTC"), LATER, "2026-03-02/2026-04-01"),
        ("mau_rolling_30d", parse_year("2026", "UTC"), LATER, "2026-05-12/2026-06-11"),
        ("mau_rolling_30d", parse_month("2026-07", "UTC"), LATER, "2026-07-02/2026-08-01"),
    ],
)
def test_a_kpi_with_a_grain_of_its_own_answers_for_the_unit_of_the_last_day(
    slug: str, period: Period, now: datetime, label: str
) -> None:
    assert answered_period(KPIS[slug], Question(period, now)).label == label


def test_today_is_that_of_the_zone() -> None:
    evening = datetime(2026, 6, 10, 20, tzinfo=UTC)
    june = parse_month("2026-06", "Asia/Kolkata")
    assert answered_period(KPIS["dau"], Question(june, evening)).label == "2026-06-11"


def test_at_its_end_a_period_is_no_longer_running() -> None:
    assert answered_period(KPIS["dau"], Question(APRIL, APRIL.end)).label == "2026-04-30"
    assert answered_period(KPIS["dau"], Question(APRIL, APRIL.start)).label == "2026-04-01"


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
    question = Question(APRIL, LATER, share_types=LINKS, channels=frozenset({"email", None}))
    assert needs(KPIS["product_sharing_rate"], question, SERIES) == [
        need("share.created", {"share_scope": ["product"], "share_type": ["link"], "channel": ["email", None]}),
        need("ACTIVITY", {}),
    ]


def test_without_an_operand_that_carries_them_filters_ask_for_the_people_with_such_a_share() -> None:
    question = Question(APRIL, LATER, share_types=LINKS, channels=frozenset({"email"}))
    assert needs(KPIS["total_active_users"], question, SERIES) == [
        need("ACTIVITY", {}),
        need("share.created", {"share_type": ["link"], "channel": ["email"]}),
    ]


def test_the_people_with_such_a_share_are_those_of_the_answered_period() -> None:
    activity, sharers = needs(KPIS["dau"], Question(APRIL, LATER, share_types=LINKS), SERIES)
    last_day = datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    assert (activity.start, activity.end) == (sharers.start, sharers.end) == last_day


def test_a_breakdown_needs_no_more_than_its_whole() -> None:
    question = Question(APRIL, LATER, share_types=LINKS)
    kpi = KPIS["product_sharing_rate"]
    assert breakdown_needs(kpi, question, "share_type", SERIES) == needs(kpi, question, SERIES)


def test_a_breakdown_of_an_operand_without_the_facet_needs_the_people_with_a_share() -> None:
    assert breakdown_needs(KPIS["total_active_users"], Question(APRIL, LATER), "channel", SERIES) == [
        need("ACTIVITY", {}),
        need("share.created", {}),
    ]


def test_other_facets_do_not_break_down() -> None:
    with pytest.raises(ValueError, match="by plan, only by share_type or channel"):
        breakdown_needs(KPIS["total_active_users"], Question(APRIL, LATER), "plan", SERIES)
