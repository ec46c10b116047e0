"""From a KPI and a question to the rows that each operand is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from typing import TypeAlias

from apps.engine.asof import Basis, as_of, basis, check_zone, local_days
from apps.engine.conditions import AsOf
from apps.engine.definitions import (
    BY,
    Balance,
    Count,
    Distinct,
    Entries,
    InIcp,
    Kpi,
    Leaf,
    Registry,
    RollingDistinct,
    Series,
    Union,
    Where,
    accounts_of,
    both,
    leaves,
    link_of,
)
from apps.engine.expressions import EntryNeed, Need, Question, StateNeed, answered_period
from apps.engine.periods import Period, day_start, days_later
from apps.engine.sets import Space

SHARES = "share.created"
Rows: TypeAlias = Distinct | Count | RollingDistinct
RowNeed: TypeAlias = Need | StateNeed | EntryNeed
Stretch: TypeAlias = tuple[date, date, date]
"""The first and the last day of some rows, and the day by which those in them are judged."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows of an operand, and the day at whose end conditions on those in them are taken.

    Whether somebody is of the `population` is asked at the period's end whatever that day is.
    """

    need: RowNeed
    day: date
    population: InIcp | None = None


@dataclass(frozen=True, slots=True)
class Sliced:
    """An operand: whose it is, by which event facets it can be restricted, and all of its rows.

    It counts events, or else whoever is in any slice.
    """

    unit: Space
    counts: bool
    facets: tuple[str, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True)
class Plan:
    """A KPI and a question, resolved: the operands in order, and the days that conditions are about.

    `sharers`, when given, has the people, or accounts, whom all operands of theirs are restricted to.
    """

    question: Question
    registry: Registry
    period: Period
    basis: Basis
    operands: tuple[Sliced, ...]
    sharers: Mapping[Space, Need]

    @cached_property
    def days(self) -> list[date]:
        """Every day at whose end a condition is taken, in order."""
        return sorted({day for _, day in self.judged} | {self.basis.end})

    @cached_property
    def judged(self) -> list[tuple[Space, date]]:
        """Whether users or accounts are judged, and by which days."""
        pairs = ((operand.unit, piece.day) for operand in self.operands for piece in operand.slices)
        return list(dict.fromkeys(pairs))


def plan(kpi: Kpi, question: Question, registry: Registry, *, is_split: bool = False) -> Plan:
    """What to load, and what for. `is_split`: there will be conditions beside the question's segment.

    A limit restricts the operands whose events carry the facet and leaves the others whole (KPIS.md G9). A facet
    of shares that no operand's events carry restricts all to the people, or the accounts, with such a share.
    Raises PeriodError where the question's days are not those of the workspace, and must be.
    """
    period = answered_period(kpi, question)
    days = basis(period, question)
    planner = _Planner(question, period, days, registry, is_split or question.segment is not None)
    operands = tuple(planner.sliced(leaf) for leaf in leaves(kpi.expression))
    carried = {facet for operand in operands for facet in operand.facets}
    others = tuple((facet, allowed) for facet, allowed in question.limits if facet not in carried)
    return Plan(
        question=question,
        registry=registry,
        period=period,
        basis=days,
        operands=operands,
        sharers={operand.unit: sharers(operand.unit, period, others) for operand in operands} if others else {},
    )


def facets_of(kpi: Kpi, registry: Registry) -> set[str]:
    """The event facets that some operand of a KPI can be restricted by."""
    return {facet for leaf in leaves(kpi.expression) for facet in _facets(leaf, registry)}


def _facets(leaf: Leaf, registry: Registry) -> tuple[str, ...]:
    """What is made of states, or of several operands, can be restricted by none.

    By what events drew only what is about those that drew something: they are some of the others (KPIS.md G9).
    """
    if not isinstance(leaf, Rows):
        return ()
    series = registry[leaf.series]
    return series.facets if link_of(leaf, registry) else series.all_facets


def telling(need: Need, question: Question, registry: Registry, facets: Iterable[str] = ()) -> Need:
    """The same need of the series with the fewest facets that has those of its condition, and these."""
    wanted = {*facets, *(facet for facet, _ in need.where)}
    base = registry[need.series.partition(BY)[0]]
    counted = [one for one in _sets(base) if one == base or one.name not in question.workspace.uncounted]
    telling = [one for one in counted if wanted.issubset(one.facets)]
    if not telling:
        return replace(need, series=base.name, raw=tuple(sorted(wanted)))
    return replace(need, series=min(telling, key=lambda one: len(one.facets)).name)


@cache
def _sets(series: Series) -> tuple[Series, ...]:
    # They are asked for by every slice of every question.
    return series.sets()


def sharers(unit: Space, period: Period, condition: Where) -> Need:
    """The people with a share, of any scope, that meets a condition, or the accounts that such shares are of."""
    series = SHARES if unit is Space.USER else accounts_of(SHARES)
    return Need(series, condition, period.start, period.end, counts=False)


@dataclass(frozen=True, slots=True)
class _Planner:
    question: Question
    period: Period
    basis: Basis
    registry: Registry
    is_conditional: bool

    def sliced(self, leaf: Leaf) -> Sliced:
        facets = _facets(leaf, self.registry)
        return Sliced(leaf.unit, isinstance(leaf, Count), facets, tuple(self._slices(leaf)))

    def _slices(self, leaf: Leaf) -> list[Slice]:
        match leaf:
            case Union(parts):
                return [piece for part in parts for piece in self._slices(part)]
            case Balance(_, series, population):
                day = self.basis.day(as_of(leaf, self.question))
                return [Slice(StateNeed(series, self.basis.end), day, population)]
            case Entries(_, series):
                check_zone(self.period, self.question.workspace.zone)
                stretches = self._stretches(leaf)
                return [Slice(EntryNeed(series, first, last), day) for first, last, day in stretches]
        population = leaf.population if isinstance(leaf, Distinct) else None
        stretches = self._stretches(leaf)
        return [Slice(self._need(leaf, first, last), day, population) for first, last, day in stretches]

    def _need(self, leaf: Rows, first: date, last: date) -> Need:
        carried = _facets(leaf, self.registry)
        own = tuple(limit for limit in self.question.limits if limit[0] in carried)
        start, end = day_start(first, self.period.zone), day_start(days_later(last, 1), self.period.zone)
        need = Need(leaf.series, both(leaf.where, own), start, end, isinstance(leaf, Count))
        return telling(need, self.question, self.registry)

    def _stretches(self, leaf: Leaf) -> list[Stretch]:
        """The whole period at once, unless those in it are judged day by day."""
        way = as_of(leaf, self.question)
        if self.is_conditional and way is AsOf.EVENT_DAY:
            return [(day, day, day) for day in local_days(self.period, self.question.workspace.zone)]
        return [(self.period.first, self.period.last, self.basis.day(way))]
