"""From a field's arguments to questions for the evaluator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, TypeAlias

import strawberry

from apps.api.context import Context
from apps.api.inputs import written
from apps.api.periods import Grain, PeriodInput
from apps.api.segments import SegmentAsOf, SegmentInput
from apps.engine import periods
from apps.engine.conditions import AsOf
from apps.engine.expressions import Question
from apps.engine.periods import Period
from apps.engine.refusals import Refusal, nearest

MAX_POINTS = 1000
NAMES = {
    "shareTypes": ("UNKNOWN_SHARE_TYPE", "a share type of this workspace"),
    "channels": ("UNKNOWN_CHANNEL", "a channel of this workspace"),
}
LONGEST_DAYS = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 31, Grain.QUARTER: 92, Grain.YEAR: 366}

PeriodArgument: TypeAlias = Annotated[PeriodInput, strawberry.argument(description="The time to answer for.")]
ShareTypes: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Count only shares of these types. A KPI that counts no shares is restricted to the people "
        "with such a share in the period. Left out: any."
    ),
]
Channels: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Count only what was shared, or sent, through these channels, likewise. Left out: any."
    ),
]
Timezone: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The IANA time zone in which periods begin and end. Left out: the workspace's. "
        "It must be whole hours apart from the workspace's."
    ),
]


@dataclass(frozen=True, slots=True)
class Filters:
    """The arguments that restrict an answer, as they came in."""

    where: SegmentInput | None
    as_of: SegmentAsOf | None
    share_types: list[str] | None
    channels: list[str] | None
    timezone: str | None


def question(context: Context, period: PeriodInput, filters: Filters) -> Question:
    """The question that the arguments ask. Raises Refusal."""
    zone = context.reader.zone if filters.timezone is None else filters.timezone
    asked = Question(period.resolve(zone, context.now), context.now)
    if filters.where:
        asked = replace(asked, segment=context.reader.read(written(filters.where)))
    if filters.as_of:
        asked = replace(asked, as_of=AsOf[filters.as_of.name])
    if filters.share_types is not None:
        known = _known("shareTypes", filters.share_types, context.vocabulary.share_types)
        asked = asked.only("share_type", known)
    if filters.channels is not None:
        asked = asked.only("channel", _known("channels", filters.channels, context.vocabulary.channels))
    return asked


def points(period: Period, grain: Grain) -> list[Period]:
    """The units of a grain in a period, at most MAX_POINTS. Raises Refusal for more."""
    days = (period.last - period.first).days + 1
    # Splitting ten thousand years into days would take minutes.
    parts = periods.split(period, periods.Grain[grain.name]) if days <= MAX_POINTS * LONGEST_DAYS[grain] else None
    if parts is None or len(parts) > MAX_POINTS:
        expected = f"a grain that gives at most {MAX_POINTS:,} points"
        raise Refusal("TOO_MANY_POINTS", "grain", expected)
    return parts


def _known(field: str, names: list[str], valid: frozenset[str]) -> frozenset[str]:
    if not names:
        raise Refusal("EMPTY_LIST", field, "at least one name, or no list at all for any")
    code, expected = NAMES[field]
    for name in names:
        if name not in valid:
            raise Refusal(code, field, expected, nearest(name, valid))
    return frozenset(names)
