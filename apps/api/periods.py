"""The period of a question, as clients write it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from apps.api.inputs import written
from apps.engine.periods import Period
from apps.kpis.periods import read_period


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
        return read_period(written(self), zone, now)
