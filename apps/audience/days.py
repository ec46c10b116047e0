"""Local days, as histories need them: of millions of instants, and of values of which a day's last one holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Generic, TypeVar

from apps.engine.periods import day_start

Value = TypeVar("Value")

DAY = timedelta(days=1)


def day_of(instant: datetime, zone: str) -> date:
    """The local day that holds a UTC instant, as `apps.engine.periods.local_day` has it, from a table."""
    first, starts = _days_about(instant.year, zone)
    return first + DAY * max(bisect_right(starts, instant) - 1, 0)


@lru_cache(maxsize=512)
def _days_about(year: int, zone: str) -> tuple[date, list[datetime]]:
    """When each local day begins that an instant of a UTC year may lie in, and the first of them."""
    first = max(date(year, 1, 1), date.min + 2 * DAY) - 2 * DAY
    return first, [day_start(first + DAY * later, zone) for later in range(366 + 4)]


@dataclass(frozen=True, slots=True)
class Steps(Generic[Value]):
    """A value at the ends of local days: the days on which it was said, ascending, and what it is from each on."""

    days: list[date]
    values: list[Value]

    @classmethod
    def of(cls, said: Iterable[tuple[date, Value]]) -> Steps[Value]:
        """From what was said in order of time: the last word of a day holds."""
        last = dict(said)
        return cls(list(last), list(last.values()))

    def at(self, day: date) -> Value | None:
        """The value at a day's end; None before anything was said."""
        place = bisect_right(self.days, day)
        return self.values[place - 1] if place else None

    def items(self) -> Iterator[tuple[date, Value]]:
        """The days and values, in order."""
        return zip(self.days, self.values, strict=True)
