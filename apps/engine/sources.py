"""Which facts answer a question: those of its operands, and of every condition on whoever is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from apps.engine.asof import check_length, check_zone
from apps.engine.conditions import Any as AnyOf
from apps.engine.conditions import Condition, Did, InIcp, KpiSide, Leaf, SideName, TraitIs, condition_leaves
from apps.engine.definitions import Kpi, Registry, leaves
from apps.engine.expressions import AnyNeed, DidNeed, Need, Question, StateNeed
from apps.engine.parts import By, ByCondition, ByTrait, EventFacet, dimensions
from apps.engine.periods import days_later
from apps.engine.plan import Plan, RowNeed, Sliced, plan, sharers, telling
from apps.engine.sets import Space


def needs(kpi: Kpi, question: Question, registry: Registry) -> list[AnyNeed]:
    """Everything that `evaluate` will ask for. Needs of many KPIs and questions may be loaded together."""
    return planned_needs(plan(kpi, question, registry))


def planned_needs(planned: Plan) -> list[AnyNeed]:
    """The same of a question that is planned."""
    return list(dict.fromkeys(_needs(planned)))


def breakdown_needs(kpi: Kpi, question: Question, by: By, registry: Registry) -> list[AnyNeed]:
    """Everything that `breakdown` will ask for, or of which it will ask for a part."""
    planned = split_plan(kpi, question, by, registry)
    return list(dict.fromkeys([*_needs(planned), *_split_needs(planned, by)]))


def split_plan(kpi: Kpi, question: Question, by: By, registry: Registry) -> Plan:
    """The plan of a breakdown: by what people are like, they are judged as by a condition."""
    return plan(kpi, question, registry, is_split=not all(isinstance(one, EventFacet) for one in dimensions(by)))


def carried(operand: Sliced, by: By) -> tuple[str, ...]:
    """The event facets of a breakdown by which the events of an operand are told apart."""
    return tuple(name for name in _facets(by) if name in operand.facets)


def of_sharers(planned: Plan, by: By) -> tuple[str, ...]:
    """The event facets of a breakdown that no operand carries: whoever had such a share is in the part."""
    told = {name for operand in planned.operands for name in carried(operand, by)}
    return tuple(name for name in _facets(by) if name not in told)


def told_need(need: RowNeed, facets: Sequence[str], planned: Plan) -> RowNeed:
    """The need that tells the same events apart by these facets."""
    if not facets or not isinstance(need, Need):
        return need
    return telling(need, planned.question, planned.registry, facets)


def sharers_need(unit: Space, planned: Plan) -> Need:
    """Whoever had a share, one such as the question wants."""
    return planned.sharers.get(unit) or sharers(unit, planned.period, ())


def trait_need(name: str, space: Space, day: date) -> StateNeed:
    """The values of a trait at a day's end."""
    return StateNeed(f"{space}:trait:{name}", day)


def leaf_needs(leaf: Leaf, space: Space, day: date, planned: Plan) -> tuple[AnyNeed, ...]:
    """What tells whom a leaf holds of at a day's end, in the space that it is about."""
    match leaf:
        case TraitIs(name):
            return (trait_need(name, space, day),)
        case InIcp():
            return profile_needs(leaf, day, planned)
        case Did():
            return (did_need(leaf, planned),)
        case KpiSide(kpi):
            return tuple(needs(kpi, side_question(leaf, planned), planned.registry))


def profile_needs(leaf: InIcp, day: date, planned: Plan) -> tuple[StateNeed, ...]:
    """Who matched the profile, or each of the approved ones, at a day's end."""
    profiles = planned.question.workspace.profiles if leaf.profile is None else (leaf.profile,)
    return tuple(StateNeed(f"user:icp:{slug}", day) for slug in profiles)


def did_need(leaf: Did, planned: Plan) -> DidNeed:
    """What people did, on all the days that some day's condition may look back to. PeriodError for too many."""
    if leaf.days is None:
        period = leaf.period or planned.period
        # What people did is known by the workspace's days.
        check_zone(period, planned.question.workspace.zone)
        first, last = period.first, period.last
    else:
        first, last = window_start(leaf.days, planned.days[0]), planned.days[-1]
    check_length(first, last)
    return DidNeed(leaf.event, leaf.where, first, last)


def window_start(days: int, last: date) -> date:
    """The first of so many local days."""
    return days_later(last, 1 - days)


def side_question(leaf: KpiSide, planned: Plan) -> Question:
    """What is asked of the KPI: nothing of what the question is restricted to narrows it."""
    question = planned.question
    return Question(leaf.period or question.period, question.now, home=question.workspace)


def space_of_leaf(leaf: Leaf, space: Space) -> Space:
    """Whom a leaf is about, where it stands in a condition on a space."""
    match leaf:
        case TraitIs(spaces=spaces):
            return space if space in spaces else Space.USER
        case KpiSide(kpi, side):
            return leaves(kpi.expression)[0 if side is SideName.NUMERATOR else -1].unit
    return Space.USER


def condition_needs(condition: Condition, space: Space, day: date, planned: Plan) -> Iterator[AnyNeed]:
    """What tells whom a condition on users, or on accounts, holds of at a day's end."""
    for leaf in condition_leaves(condition):
        yield from leaf_needs(leaf, space_of_leaf(leaf, space), day, planned)


def _needs(planned: Plan) -> Iterator[AnyNeed]:
    segment = planned.question.segment
    for operand in planned.operands:
        for piece in operand.slices:
            yield piece.need
            if piece.population:
                yield from condition_needs(piece.population, operand.unit, planned.basis.end, planned)
    if segment:
        # Operands are mostly judged alike.
        for unit, day in planned.judged:
            yield from condition_needs(segment, unit, day, planned)
    yield from planned.sharers.values()


def _split_needs(planned: Plan, by: By) -> Iterator[AnyNeed]:
    for operand in planned.operands:
        if facets := carried(operand, by):
            yield from (told_need(piece.need, facets, planned) for piece in operand.slices)
    if of_sharers(planned, by):
        yield from (sharers_need(operand.unit, planned) for operand in planned.operands)
    for dimension in dimensions(by):
        for unit, day in planned.judged:
            if isinstance(dimension, ByTrait):
                yield trait_need(dimension.name, unit, day)
            elif isinstance(dimension, ByCondition):
                yield from condition_needs(AnyOf(tuple(dimension.conditions.values())), unit, day, planned)


def _facets(by: By) -> tuple[str, ...]:
    return tuple(one.name for one in dimensions(by) if isinstance(one, EventFacet))
