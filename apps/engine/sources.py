"""Which facts answer a question: those of its operands, and of every condition on whoever is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from apps.engine.asof import check_length, check_zone
from apps.engine.conditions import Any as AnyOf
from apps.engine.conditions import Condition, Did, InIcp, KpiSide, Leaf, SideName, TraitIs, condition_leaves
from apps.engine.definitions import Kpi, Registry, leaves
from apps.engine.expressions import AnyNeed, DidNeed, Need, Question, StateNeed
from apps.engine.parts import By, ByTrait, EventFacet
from apps.engine.periods import days_later
from apps.engine.plan import Plan, plan, sharers, telling
from apps.engine.sets import Space


def needs(kpi: Kpi, question: Question, registry: Registry) -> list[AnyNeed]:
    """Everything that `evaluate` will ask for. Needs of many KPIs and questions may be loaded together."""
    return list(dict.fromkeys(_needs(plan(kpi, question, registry))))


def breakdown_needs(kpi: Kpi, question: Question, by: By, registry: Registry) -> list[AnyNeed]:
    """Everything that `breakdown` will ask for, or of which it will ask for a part."""
    planned = plan(kpi, question, registry, is_split=not isinstance(by, EventFacet))
    return list(dict.fromkeys([*_needs(planned), *_split_needs(planned, by)]))


def facet_needs(planned: Plan, facet: str) -> list[Need]:
    """The needs whose values of an event facet are the rows of a breakdown.

    They are those of the operands that carry it, or else those of whoever had a share.
    """
    slices = [piece for operand in planned.operands if facet in operand.facets for piece in operand.slices]
    carrying = [
        telling(piece.need, planned.question, planned.registry, [facet])
        for piece in slices
        if isinstance(piece.need, Need)
    ]
    units = dict.fromkeys(operand.unit for operand in planned.operands)
    return carrying or [planned.sharers.get(unit) or sharers(unit, planned.period, ()) for unit in units]


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
                yield from condition_needs(segment, operand.unit, piece.day, planned)
    yield from planned.sharers.values()


def _split_needs(planned: Plan, by: By) -> Iterator[AnyNeed]:
    if isinstance(by, EventFacet):
        yield from facet_needs(planned, by.name)
        return
    for unit, day in planned.judged:
        if isinstance(by, ByTrait):
            yield trait_need(by.name, unit, day)
        else:
            yield from condition_needs(AnyOf(tuple(by.conditions.values())), unit, day, planned)
