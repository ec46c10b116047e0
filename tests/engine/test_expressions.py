from datetime import UTC, date, datetime

import pytest

from apps.engine.expressions import Question, answered_period
from apps.engine.periods import Period, between, parse_day, parse_month, parse_quarter, parse_year
from tests.engine.brute import KPIS

APRIL = parse_month("2026-04", "UTC")
LATER = datetime(2026, 6, 10, 12, tzinfo=UTC)


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
