from datetime import date

import pytest

from tests.oracle.periods import answered, label, span

LATER = date(2027, 6, 1)


@pytest.mark.parametrize(
    ("period", "first", "end"),
    [
        ("2026-04-30", date(2026, 4, 30), date(2026, 5, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2026-02", date(2026, 2, 1), date(2026, 3, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-04-01/2026-04-15", date(2026, 4, 1), date(2026, 4, 15)),
    ],
)
def test_a_period_is_its_first_day_and_the_first_one_after(period: str, first: date, end: date) -> None:
    assert span(period) == (first, end)


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_the_label_of_a_unit_names_the_days_that_hold_the_day(grain: str) -> None:
    first, end = span(label(date(2024, 12, 30), grain))
    assert first <= date(2024, 12, 30) < end


def test_a_kpi_without_a_grain_answers_for_the_period() -> None:
    assert answered("share_actions", "2026-04-01/2026-04-03", LATER) == [date(2026, 4, 1), date(2026, 4, 2)]


@pytest.mark.parametrize(
    ("kpi", "first", "last"),
    [
        ("dau", date(2026, 4, 30), date(2026, 4, 30)),
        ("wau", date(2026, 4, 27), date(2026, 5, 3)),
        ("mau", date(2026, 4, 1), date(2026, 4, 30)),
        ("mau_rolling_30d", date(2026, 4, 1), date(2026, 4, 30)),
    ],
)
def test_a_kpi_with_a_grain_of_its_own_answers_for_the_unit_of_the_last_day(
    kpi: str, first: date, last: date
) -> None:
    days = answered(kpi, "2026-04", LATER)
    assert (days[0], days[-1]) == (first, last)


def test_while_the_period_runs_the_last_day_is_today() -> None:
    assert answered("dau", "2026", date(2026, 4, 15)) == [date(2026, 4, 15)]
