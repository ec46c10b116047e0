"""Which stored buckets make up a stretch of time."""

from dataclasses import dataclass
from datetime import date, datetime

from apps.engine.periods.buckets import bucket_start
from apps.engine.periods.calendar import Grain
from apps.engine.periods.errors import PeriodError
from apps.engine.periods.zones import DAY, day_start, local_day


@dataclass(frozen=True, slots=True)
class Span:
    """Adjoining stored buckets of one grain: those that begin in [start, end), which they fill exactly."""

    grain: Grain
    start: datetime
    end: datetime


def cover(start: datetime, end: datetime, zone: str) -> list[Span]:
    """The fewest spans of the zone's MONTH, DAY and HOUR buckets whose union is exactly [start, end).

    In order of time: hours, days, months, days, hours, each at most once; without a whole month or day in
    between, one span of days or hours. PeriodError TIMEZONE_NOT_ALIGNED where an edge, then of a period
    of another zone, lies within an hour bucket.
    """
    for edge in (start, end):
        if bucket_start(edge, Grain.HOUR, zone) != edge:
            expected = f"a zone whose days begin on the full hours of {zone}"
            raise PeriodError("TIMEZONE_NOT_ALIGNED", "timezone", expected)
    first, last = _day_from(start, zone), local_day(end, zone)
    head, tail = day_start(first, zone), day_start(last, zone)
    if head >= tail:
        return _spans((Grain.HOUR, start, end))
    months, days = _month_from(first), last.replace(day=1)
    if months >= days:
        return _spans((Grain.HOUR, start, head), (Grain.DAY, head, tail), (Grain.HOUR, tail, end))
    months_start, months_end = day_start(months, zone), day_start(days, zone)
    return _spans(
        (Grain.HOUR, start, head),
        (Grain.DAY, head, months_start),
        (Grain.MONTH, months_start, months_end),
        (Grain.DAY, months_end, tail),
        (Grain.HOUR, tail, end),
    )


def _spans(*stretches: tuple[Grain, datetime, datetime]) -> list[Span]:
    return [Span(grain, start, end) for grain, start, end in stretches if start < end]


def _day_from(start: datetime, zone: str) -> date:
    day = local_day(start, zone)
    return day if day_start(day, zone) == start else day + DAY


def _month_from(day: date) -> date:
    return day if day.day == 1 else (day.replace(day=1) + 31 * DAY).replace(day=1)
