"""Periods from text, in the forms of ISO 8601 and "2026-Q2". Any other text is a PeriodError BAD_PERIOD."""

import re
from collections.abc import Callable
from datetime import date

from apps.engine.periods.calendar import Grain, Period, containing
from apps.engine.periods.errors import bad_period

FORMS: dict[Grain, tuple[str, Callable[..., date], str]] = {
    Grain.DAY: (r"(\d{4})-(\d\d)-(\d\d)", date, "2026-04-30"),
    Grain.WEEK: (r"(\d{4})-W(\d\d)", lambda year, week: date.fromisocalendar(year, week, 1), "2026-W18"),
    Grain.MONTH: (r"(\d{4})-(\d\d)", lambda year, month: date(year, month, 1), "2026-04"),
    Grain.QUARTER: (r"(\d{4})-Q([1-4])", lambda year, quarter: date(year, quarter * 3 - 2, 1), "2026-Q2"),
    Grain.YEAR: (r"(\d{4})", lambda year: date(year, 1, 1), "2026"),
}


def parse_day(text: str, zone: str) -> Period:
    """The local day of a text such as "2026-04-30"."""
    return _parse(text, zone, Grain.DAY)


def parse_week(text: str, zone: str) -> Period:
    """The ISO week, Monday to Sunday, of a text such as "2026-W18"."""
    return _parse(text, zone, Grain.WEEK)


def parse_month(text: str, zone: str) -> Period:
    """The calendar month of a text such as "2026-04"."""
    return _parse(text, zone, Grain.MONTH)


def parse_quarter(text: str, zone: str) -> Period:
    """The quarter of a text such as "2026-Q2"."""
    return _parse(text, zone, Grain.QUARTER)


def parse_year(text: str, zone: str) -> Period:
    """The calendar year of a text such as "2026"."""
    return _parse(text, zone, Grain.YEAR)


def _parse(text: str, zone: str, grain: Grain) -> Period:
    pattern, first_day, example = FORMS[grain]
    match = re.fullmatch(pattern, text, re.ASCII)
    refusal = bad_period(grain.value, f'a {grain.value} such as "{example}"')
    if not match:
        raise refusal
    try:
        day = first_day(*(int(part) for part in match.groups()))
    except ValueError as no_such_day:
        raise refusal from no_such_day
    return containing(day, grain, zone)
