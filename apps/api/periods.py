"""The period of a question, as clients write it."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from apps.engine import periods
from apps.engine.periods import Period, PeriodError

PARSERS = {
    "day": periods.parse_day,
    "week": periods.parse_week,
    "month": periods.parse_month,
    "quarter": periods.parse_quarter,
    "year": periods.parse_year,
}


@strawberry.enum(description="A calendar unit of the question's time zone.")
class Grain(Enum):
    DAY = strawberry.enum_value("day", description="A local day; of 23 or 25 hours where clocks change.")
    WEEK = strawberry.enum_value("week", description="An ISO week, Monday to Sunday.")
    MONTH = strawberry.enum_value("month", description="A calendar month.")
    QUARTER = strawberry.enum_value("quarter", description="Three months, from January, April, July or October.")
    YEAR = strawberry.enum_value("year", description="A calendar year.")


@strawberry.input(name="LastInput", description="The calendar units before now.")
class LastInput:
    n: int = strawberry.field(description="How many units, at least 1.")
    unit: Grain = strawberry.field(description="The unit to count in.")
    include_current: bool = strawberry.field(
        default=False, description="Whether the running unit is the last of them; if not, they end before it."
    )


@strawberry.input(name="BetweenInput", description="A range of local days.")
class BetweenInput:
    from_: str = strawberry.field(name="from", description='The first day, such as "2026-04-01".')
    to: str = strawberry.field(description='The day after the last one, such as "2026-04-15": it is not included.')


@strawberry.input(one_of=True, description="Which time a question is about: exactly one of these.")
class PeriodInput:
    day: str | None = strawberry.field(default=strawberry.UNSET, description='A day, such as "2026-04-30".')
    week: str | None = strawberry.field(default=strawberry.UNSET, description='An ISO week, such as "2026-W18".')
    month: str | None = strawberry.field(default=strawberry.UNSET, description='A month, such as "2026-04".')
    quarter: str | None = strawberry.field(default=strawberry.UNSET, description='A quarter, such as "2026-Q2".')
    year: str | None = strawberry.field(default=strawberry.UNSET, description='A year, such as "2026".')
    last: LastInput | None = strawberry.field(default=strawberry.UNSET, description="The last n units.")
    between: BetweenInput | None = strawberry.field(default=strawberry.UNSET, description="A range of days.")

    def resolve(self, zone: str, now: datetime) -> Period:
        """The period in a zone. Raises PeriodError."""
        if self.last:
            counted = periods.Grain[self.last.unit.name]
            return periods.last(self.last.n, counted, zone, now, include_current=self.last.include_current)
        if self.between:
            first, end = _day(self.between.from_, "from", zone), _day(self.between.to, "to", zone)
            return periods.between(first, end, zone)
        unit = next(unit for unit in PARSERS if getattr(self, unit) is not strawberry.UNSET)
        return PARSERS[unit](getattr(self, unit), zone)


def _day(text: str, field: str, zone: str) -> date:
    try:
        return periods.parse_day(text, zone).first
    except PeriodError as error:
        raise PeriodError(error.code, field, error.expected, error.nearest) from error
