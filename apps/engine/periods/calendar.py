"""Calendar units and ranges of local days, as half-open stretches of time (KPIS.md G1)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from apps.engine.periods.errors import PeriodError, bad_period
from apps.engine.periods.zones import DAY, day_start, local_day

FIRST_YEAR, LAST_YEAR = 1, 9998
MICROSECOND = timedelta(microseconds=1)


class Grain(StrEnum):
    """A calendar unit. HOUR is a grain of stored buckets only, never of a period."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days: [start, end) in UTC, from the local day `first` to `last`, that day included.

    `grain` is None for a range of days that is no calendar unit. A day that its zone skipped is empty.
    """

    start: datetime
    end: datetime
    zone: str
    first: date
    last: date
    grain: Grain | None
    label: str


def containing(day: date, grain: Grain, zone: str) -> Period:
    """The calendar unit that holds a local day; weeks begin on Monday. PeriodError after year 9998."""
    if day.year > LAST_YEAR:
        raise _outside("day")
    first = _first(day, grain)
    return _period(first, _shifted(first, 1, grain), zone, grain)


def between(first: date, end: date, zone: str) -> Period:
    """The local days from `first` up to but without `end`, labelled "first/end"."""
    if end > date(LAST_YEAR + 1, 1, 1):
        raise _outside("between")
    if end <= first:
        raise PeriodError("REVERSED_PERIOD", "between", "a first day before the end")
    return _period(first, end, zone, None)


def last(  # noqa: PLR0913 - a question as people put it
    n: int, unit: Grain, zone: str, now: datetime, *, include_current: bool = False
) -> Period:
    """The n whole calendar units before the running one, or the n up to and including it.

    One unit is that unit, so that the one before it is the previous month and not the 30 days before.
    """
    if n < 1:
        raise bad_period("last", "a positive number of units")
    running = containing(local_day(now, zone), unit, zone)
    end = _shifted(running.first, 1 if include_current else 0, unit)
    first = _shifted(end, -n, unit)
    return containing(first, unit, zone) if n == 1 else between(first, end, zone)


def previous(period: Period) -> Period:
    """The calendar unit before; for a range of days, as many days right before it."""
    if period.grain:
        return containing(days_later(period.first, -1), period.grain, period.zone)
    days = (period.last - period.first).days + 1
    return between(days_later(period.first, -days), period.first, period.zone)


def year_before(period: Period) -> Period:
    """The same calendar unit or days a year before, 28 February for the 29th; of a week that 52 weeks before."""
    if period.grain is Grain.WEEK:
        return containing(days_later(period.first, -52 * 7), Grain.WEEK, period.zone)
    first = _in_year_before(period.first)
    if period.grain:
        return containing(first, period.grain, period.zone)
    return between(first, _in_year_before(period.last) + DAY, period.zone)


def so_far(period: Period, now: datetime) -> Period | None:
    """The days of a period that are over, None before the first one is."""
    today = local_day(now, period.zone)
    if today > period.last:
        return period
    return between(period.first, today, period.zone) if today > period.first else None


def first_days(period: Period, like: Period) -> Period:
    """As many of a period's first days as another one has, or all of them where it has no more."""
    end = days_later(period.first, (like.last - like.first).days + 1)
    return between(period.first, end, period.zone) if end <= period.last else period


def split(period: Period, grain: Grain) -> list[Period]:
    """The calendar units of a grain that make up the period, in order.

    A unit that reaches beyond the period is cut at its edge, and then is a range of days without a grain:
    the parts always add up to the period, and none claims days that were not asked for.
    """
    parts = []
    first, end = period.first, period.last + DAY
    while first < end:
        unit = containing(first, grain, period.zone)
        whole = first == unit.first and unit.last < end
        parts.append(unit if whole else between(first, min(unit.last + DAY, end), period.zone))
        first = unit.last + DAY
    return parts


def is_complete(period: Period, now: datetime) -> bool:
    """Whether the period is over (KPIS.md G17)."""
    return now >= period.end


def elapsed_fraction(period: Period, now: datetime) -> Fraction:
    """How much of the period is over, from 0 to 1 (KPIS.md G17); a skipped day is over when it begins."""
    if is_complete(period, now) or now <= period.start:
        return Fraction(is_complete(period, now))
    return Fraction((now - period.start) // MICROSECOND, (period.end - period.start) // MICROSECOND)


def _period(first: date, end: date, zone: str, grain: Grain | None) -> Period:
    return Period(
        start=day_start(first, zone),
        end=day_start(end, zone),
        zone=zone,
        first=first,
        last=end - DAY,
        grain=grain,
        label=_label(first, grain) if grain else f"{first}/{end}",
    )


def _first(day: date, grain: Grain) -> date:
    if grain is Grain.DAY:
        return day
    if grain is Grain.WEEK:
        return day - DAY * day.weekday()
    month = (day.month - 1) // _months(grain) * _months(grain) + 1
    return date(day.year, month, 1)


def _shifted(first: date, n: int, grain: Grain) -> date:
    if grain in (Grain.DAY, Grain.WEEK):
        return days_later(first, n * (7 if grain is Grain.WEEK else 1))
    year, month = divmod(first.year * 12 + first.month - 1 + n * _months(grain), 12)
    if not FIRST_YEAR <= year <= LAST_YEAR + 1:
        raise _outside("period")
    return date(year, month + 1, 1)


def _in_year_before(day: date) -> date:
    if day.year == FIRST_YEAR:
        raise _outside("period")
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _months(grain: Grain) -> int:
    if grain is Grain.HOUR:
        raise bad_period("grain", "DAY, WEEK, MONTH, QUARTER or YEAR")
    return MONTHS[grain]


def days_later(day: date, days: int) -> date:
    try:
        return day + DAY * days
    except OverflowError as outside:
        raise _outside("period") from outside


def _outside(field: str) -> PeriodError:
    return bad_period(field, f"days in the years {FIRST_YEAR} to {LAST_YEAR}")


def _label(first: date, grain: Grain) -> str:
    year, week, _ = first.isocalendar()
    labels = {
        Grain.DAY: first.isoformat(),
        Grain.WEEK: f"{year:04}-W{week:02}",
        Grain.MONTH: f"{first.year:04}-{first.month:02}",
        Grain.QUARTER: f"{first.year:04}-Q{(first.month + 2) // 3}",
        Grain.YEAR: f"{first.year:04}",
    }
    return labels[grain]
