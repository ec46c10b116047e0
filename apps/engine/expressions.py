"""What is asked of a KPI, and what must be loaded to answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self, TypeAlias

from apps.engine.conditions import AsOf, Condition
from apps.engine.definitions import Kpi, RollingDistinct, Where, where
from apps.engine.periods import Period, between, containing, days_later, local_day

OTHER = "(other)"
"""The value under which a state keeps those of its values that are not told apart."""


@dataclass(frozen=True, slots=True)
class Need:
    """The rows of a series within [start, end) that meet a condition: who, and if `counts` how often.

    Where no series tells its events apart by all the facets that matter, `raw` names these: the events themselves
    are read.
    """

    series: str
    where: Where
    start: datetime
    end: datetime
    counts: bool
    raw: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateNeed:
    """Who held which value of a state at the end of a local day of the workspace."""

    series: str
    day: date


@dataclass(frozen=True, slots=True)
class EntryNeed:
    """Who entered a state on each of the workspace's local days from `first` to `last`, that day included."""

    series: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DidNeed:
    """How often users did an event on each of the workspace's local days from `first` to `last`, included."""

    event: str
    where: Where
    first: date
    last: date


AnyNeed: TypeAlias = Need | StateNeed | EntryNeed | DidNeed


@dataclass(frozen=True, slots=True)
class Home:
    """A workspace: its days' zone, the slugs of its approved ICP profiles, and the series not counted yet."""

    zone: str
    profiles: tuple[str, ...] = ()
    uncounted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a KPI: a period, seen at `now`, of events with some values of their facets.

    `segment` restricts whom it is about, `as_of` the day by which: None is the KPI's own (KPIS.md G9).
    Without a `home` days are the period's zone's, and there are no profiles.
    """

    period: Period
    now: datetime
    limits: Where = ()
    home: Home | None = None
    segment: Condition | None = None
    as_of: AsOf | None = None

    @property
    def workspace(self) -> Home:
        """Where conditions are taken."""
        return self.home or Home(self.period.zone)

    def only(self, facet: str, values: Iterable[str | None]) -> Self:
        """The same question for some values of an event facet."""
        return replace(self, limits=where(dict(self.limits) | {facet: frozenset(values)}))


def answered_period(kpi: Kpi, question: Question) -> Period:
    """The period that the answer is for (KPIS.md G1).

    That is the one asked for, but for a KPI of a grain or window of its own the unit that holds, or the
    window that ends with, the period's last local day: today for a running one.
    """
    if isinstance(kpi.expression, RollingDistinct):
        end = days_later(_last_day(question), 1)
        return between(days_later(end, -kpi.expression.days), end, question.period.zone)
    if kpi.grain:
        return containing(_last_day(question), kpi.grain, question.period.zone)
    return question.period


def _last_day(question: Question) -> date:
    period = question.period
    running = period.start <= question.now < period.end
    return local_day(question.now, period.zone) if running else period.last
