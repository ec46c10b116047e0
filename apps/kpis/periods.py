"""A period as JSON says it, in the shape of PeriodInput: {"month": "2026-04"}."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from apps.engine import periods
from apps.engine.periods import Grain, Period, PeriodError

PARSERS: Mapping[str, Callable[[str, str], Period]] = {
    "day": periods.parse_day,
    "week": periods.parse_week,
    "month": periods.parse_month,
    "quarter": periods.parse_quarter,
    "year": periods.parse_year,
}
UNITS = {unit.upper(): Grain(unit) for unit in PARSERS}
EXPECTED = f"an object with one of {', '.join(PARSERS)}, last and between, as PeriodInput has them"


def read_period(said: Any, zone: str, now: datetime) -> Period:
    """The period in a zone, seen at `now`. Raises PeriodError for what is none."""
    form, given = next(iter(said.items())) if isinstance(said, dict) and len(said) == 1 else (None, None)
    match form, given:
        case "last", {"n": int(n), "unit": str(unit), **more} if unit in UNITS:
            current = more.get("includeCurrent") is True
            return periods.last(n, UNITS[unit], zone, now, include_current=current)
        case "between", {"from": str(first), "to": str(end)}:
            return periods.between(_day(first, "from", zone), _day(end, "to", zone), zone)
        case str(unit), str(text) if unit in PARSERS:
            return PARSERS[unit](text, zone)
    raise PeriodError("BAD_PERIOD", "period", EXPECTED)


def _day(text: str, field: str, zone: str) -> date:
    try:
        return periods.parse_day(text, zone).first
    except PeriodError as error:
        raise PeriodError(error.code, field, error.expected, error.nearest) from error
