"""The value of a KPI: set algebra over facts that somebody else loads."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from apps.engine.answers import Answer, Population, Side, people, quotient
from apps.engine.definitions import Kpi, Ratio, Registry
from apps.engine.expressions import Need, Plan, Question, carriers, plan, split_needs
from apps.engine.numbers import Numbers
from apps.engine.periods import Period
from apps.engine.sets import Members, Space


class Facts(Protocol):
    """What the rollups say of needs that are loaded, or that narrow the condition of one that is."""

    @property
    def registry(self) -> Registry:
        """The series that there are."""

    def members(self, need: Need) -> Members:
        """Everybody in the need's rows."""

    def columns(self, need: Need) -> Sequence[Numbers]:
        """The numbers of the need's rows; a key may be in several, and then its numbers add up."""

    def values(self, need: Need, facet: str) -> set[str | None]:
        """The values of a facet that occur in the need's rows; None for rows without one."""

    def internal(self, space: Space) -> Members:
        """Whoever is excluded everywhere and for all time (KPIS.md G7)."""


def evaluate(kpi: Kpi, question: Question, facts: Facts) -> Answer:
    """The answer to a question; `facts` have loaded what `needs` lists."""
    planned = plan(kpi, question, facts.registry)
    sides = _sides(planned, facts)
    if isinstance(kpi.expression, Ratio):
        return _ratio(kpi.expression, planned.period, *sides)
    (side,) = sides
    return Answer(Decimal(side.amount), side, None, planned.period)


def breakdown(kpi: Kpi, question: Question, by: str, facts: Facts) -> list[tuple[str | None, Answer]]:
    """One answer for each value of an event facet that occurs, the largest numerator first (KPIS.md G9).

    Each is the answer to the question restricted to that value: a ratio splits the numerator alone, unless
    the denominator's events carry the facet too. Someone with two values is in two rows. None is unknown;
    a value that only uncounted people have is no row.
    """
    sources = split_needs(kpi, question, by, facts.registry)
    values = {value for need in sources for value in facts.values(need, by)}
    rows = [(value, evaluate(kpi, question.only(by, value), facts)) for value in values]
    split = carriers(kpi, by, facts.registry)
    return sorted((row for row in rows if _occurs(row[1], split)), key=_largest_first)


def _sides(planned: Plan, facts: Facts) -> list[Side]:
    only = facts.members(planned.sharers) if planned.sharers else None
    return [_side(need, only, facts) for need in planned.operands]


def _side(need: Need, only: Members | None, facts: Facts) -> Side:
    population = Population(without=facts.internal(facts.registry[need.series].space), only=only)
    if need.counts:
        columns = tuple(facts.columns(need))
        amount = sum(column.sum(population.keep(column.keys)) for column in columns)
        return Side(amount, population, columns=columns)
    members = population.keep(facts.members(need))
    return Side(len(members), population, members)


def _ratio(ratio: Ratio, period: Period, a: Side, b: Side) -> Answer:
    numerator = _within(a, b) if ratio.subset else a
    return Answer(
        value=quotient(numerator.amount, b.amount, ratio.scale),
        numerator=numerator,
        denominator=b,
        period=period,
        dropped_numerator=int(a.amount - numerator.amount),
    )


def _within(numerator: Side, denominator: Side) -> Side:
    members = people(numerator) & people(denominator)
    return replace(numerator, amount=len(members), members=members)


def _occurs(answer: Answer, split: tuple[bool, ...]) -> bool:
    sides = zip((answer.numerator, answer.denominator), split, strict=False)
    return bool(answer.dropped_numerator) or any(side and side.amount for side, is_split in sides if is_split)


def _largest_first(row: tuple[str | None, Answer]) -> tuple[int | Decimal, bool, str]:
    value, answer = row
    return -answer.numerator.amount, value is None, value or ""
