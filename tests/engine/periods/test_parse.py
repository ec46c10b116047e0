from collections.abc import Callable
from datetime import date

import pytest

from apps.engine.periods import (
    Grain,
    Period,
    PeriodError,
    parse_day,
    parse_month,
    parse_quarter,
    parse_week,
    parse_year,
)

Parser = Callable[[str, str], Period]


@pytest.mark.parametrize(
    ("parse", "text", "grain", "first", "last"),
    [
        (parse_day, "2024-02-29", Grain.DAY, date(2024, 2, 29), date(2024, 2, 29)),
        (parse_week, "2026-W18", Grain.WEEK, date(2026, 4, 27), date(2026, 5, 3)),
        (parse_week, "2020-W53", Grain.WEEK, date(2020, 12, 28), date(2021, 1, 3)),
        (parse_week, "2026-W01", Grain.WEEK, date(2025, 12, 29), date(2026, 1, 4)),
        (parse_month, "2026-02", Grain.MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (parse_quarter, "2026-Q2", Grain.QUARTER, date(2026, 4, 1), date(2026, 6, 30)),
        (parse_year, "2026", Grain.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
        (parse_year, "0033", Grain.YEAR, date(33, 1, 1), date(33, 12, 31)),
    ],
)
def test_a_text_is_its_period_and_its_label(
    parse: Parser, text: str, grain: Grain, first: date, last: date
) -> None:
    period = parse(text, "Europe/Dublin")
    assert (period.grain, period.first, period.last, period.label) == (grain, first, last, text)
    assert period.zone == "Europe/Dublin"


@pytest.mark.parametrize(
    ("parse", "field", "texts"),
    [
        (
            parse_day,
            "day",
            ["", "2026-4-1", "2026-02-30", "20260401", "2026-04-01T00:00", " 2026-04-01", "2026-04-01\n"],
        ),
        (parse_day, "day", ["٢٠٢٦-٠٤-٠١", "0000-01-01", "9999-01-01", "-2026-01-01", "2026-04"]),
        (parse_week, "week", ["2026-18", "2026-W00", "2025-W53", "2026-W54", "2026-w18", "9999-W01"]),
        (parse_month, "month", ["2026-00", "2026-13", "2026-4", "April 2026", "9999-12"]),
        (parse_quarter, "quarter", ["2026-Q0", "2026-Q5", "2026-2", "9999-Q4"]),
        (parse_year, "year", ["26", "02026", "0000", "9999", "2026 "]),
    ],
)
def test_any_other_text_is_refused_with_the_form_expected(parse: Parser, field: str, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(PeriodError) as refused:
            parse(text, "UTC")
        assert refused.value.code == "BAD_PERIOD", text


def test_the_refusal_names_the_field_and_an_example() -> None:
    with pytest.raises(PeriodError, match='week: expected a week such as "2026-W18"') as refused:
        parse_week("2026-18", "UTC")
    assert refused.value.field == "week"
    assert refused.value.expected == 'a week such as "2026-W18"'


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(PeriodError) as refused:
        parse_day("2026-04-30", "Mars/Olympus")
    assert refused.value.code == "UNKNOWN_TIMEZONE"
