"""From a KPI and a question to what must be loaded to answer it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from apps.engine.definitions import Count, Kpi, Leaf, Registry, RollingDistinct, Where, both, leaves, where
from apps.engine.periods import Period, between, containing, days_later, local_day

SHARES = "share.created"
FILTERS = ("share_type", "channel")
"""The event facets that a question can be restricted to and broken down by."""


@dataclass(frozen=True, slots=True)
class Need:
    """The rows of a series within [start, end) that meet a condition: who, and if `counts` how often."""

    series: str
    where: Where
    start: datetime
    end: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a KPI: a period, seen at `now`, and allowed share types and channels (None: any)."""

    period: Period
    now: datetime
    share_types: frozenset[str | None] | None = None
    channels: frozenset[str | None] | None = None

    @property
    def limits(self) -> Where:
        """The filters as a condition on event facets."""
        fields = {"share_type": self.share_types, "channel": self.channels}
        return where({facet: allowed for facet, allowed in fields.items() if allowed is not None})

    def only(self, facet: str, value: str | None) -> Self:
        """The same question for one value of a facet of FILTERS."""
        allowed = frozenset({value})
        return replace(self, channels=allowed) if facet == "channel" else replace(self, share_types=allowed)


@dataclass(frozen=True, slots=True)
class Plan:
    """A KPI and a question, resolved.

    `operands` are the needs of the expression's operands in order. `sharers`, when given, has the people
    whom all operands are restricted to.
    """

    period: Period
    operands: tuple[Need, ...]
    sharers: Need | None


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


def plan(kpi: Kpi, question: Question, registry: Registry) -> Plan:
    """What to load, and what for.

    Share types and channels restrict the operands whose events carry the facet and leave the others whole
    (KPIS.md G9). A facet that no operand's events carry restricts all to the people with such a share.
    """
    period = answered_period(kpi, question)
    operands = leaves(kpi.expression)
    carried = {facet for leaf in operands for facet in registry[leaf.series].facets}
    others = tuple((facet, allowed) for facet, allowed in question.limits if facet not in carried)
    return Plan(
        period=period,
        operands=tuple(_need(leaf, period, question.limits, registry) for leaf in operands),
        sharers=sharers(period, others) if others else None,
    )


def needs(kpi: Kpi, question: Question, registry: Registry) -> list[Need]:
    """Everything that `evaluate` will ask for. Needs of many KPIs and questions may be loaded together."""
    planned = plan(kpi, question, registry)
    return [*planned.operands, *([planned.sharers] if planned.sharers else [])]


def split_needs(kpi: Kpi, question: Question, by: str, registry: Registry) -> list[Need]:
    """The needs whose values of the facet `by` are the rows of a breakdown; ValueError for another facet.

    They are those of the operands that carry it, or else those of the people with a share.
    """
    if by not in FILTERS:
        raise ValueError(f"cannot break down by {by}, only by {' or '.join(FILTERS)}")
    planned = plan(kpi, question, registry)
    carrying = [need for need in planned.operands if by in registry[need.series].facets]
    return carrying or [planned.sharers or sharers(planned.period, ())]


def carriers(kpi: Kpi, facet: str, registry: Registry) -> tuple[bool, ...]:
    """Which operands a facet restricts: those whose events carry it, or all where none does."""
    carrying = tuple(facet in registry[leaf.series].facets for leaf in leaves(kpi.expression))
    return carrying if any(carrying) else tuple(True for _ in carrying)


def breakdown_needs(kpi: Kpi, question: Question, by: str, registry: Registry) -> list[Need]:
    """Everything that `breakdown` will ask for, or of which it will ask for a part."""
    return list(dict.fromkeys([*needs(kpi, question, registry), *split_needs(kpi, question, by, registry)]))


def sharers(period: Period, condition: Where) -> Need:
    """The people with a share, of any scope, that meets a condition."""
    return Need(SHARES, condition, period.start, period.end, counts=False)


def _last_day(question: Question) -> date:
    period = question.period
    running = period.start <= question.now < period.end
    return local_day(question.now, period.zone) if running else period.last


def _need(leaf: Leaf, period: Period, limits: Where, registry: Registry) -> Need:
    facets = registry[leaf.series].facets
    own = tuple((facet, allowed) for facet, allowed in limits if facet in facets)
    return Need(leaf.series, both(leaf.where, own), period.start, period.end, isinstance(leaf, Count))
