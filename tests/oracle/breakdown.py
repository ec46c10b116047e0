"""The parts of an answer: by a field of events, a trait, an ICP profile or a saved segment (KPIS.md G9)."""

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from tests.oracle.conditions import Condition, InIcp, written
from tests.oracle.counting import DIMENSIONS, EVENTS, FILTERS, Events, carries, sides
from tests.oracle.messages import ERASED, SHARE
from tests.oracle.oracle import Answer, Asked, Oracle
from tests.oracle.segments import Segments

Key: TypeAlias = str | None
"""The value of a part; None where there is none."""
Keys: TypeAlias = Callable[[str, date], Set[Key]]
"""The parts that somebody is in, as of a day."""

OTHER = "(other)"


@dataclass(frozen=True)
class Split:
    """By what an answer is split, into how many parts before the others, and the saved segments by name."""

    by: str
    first: int = 20
    saved: Mapping[str, Condition] = field(default_factory=dict)


def breakdown(oracle: Oracle, asked: Asked, split: Split) -> dict[Key, Answer]:
    """The first parts that have somebody in them, the largest first, and one of all the others together."""

    def of(some: Collection[Key]) -> Answer:
        if split.by in DIMENSIONS:
            return oracle.answer(asked.only(DIMENSIONS[split.by], some))
        keys = keys_of(oracle, asked, split)
        return oracle.answer(asked, lambda who, day: not keys(who, day).isdisjoint(some))

    return _first(occurring(oracle, asked, split), of, split.first)


def occurring(oracle: Oracle, asked: Asked, split: Split) -> set[Key]:
    """The parts that have somebody in them."""
    parted = parted_sides(asked.kpi, split.by)
    if split.by in DIMENSIONS:
        return _values(oracle, asked, DIMENSIONS[split.by], parted)
    keys = keys_of(oracle, asked, split)
    items = (item for side in parted for item in oracle.items(side, asked))
    return {key for item in items for key in keys(item.who, item.basis)}


def parted_sides(kpi: str, by: str) -> list[str]:
    """The sides whose events have the field are split, and another one stays whole; or else who counts is."""
    field = DIMENSIONS.get(by, by)
    split = [side for side in sides(kpi) if by in DIMENSIONS and carries(side, field)]
    if by in DIMENSIONS and not split and field not in FILTERS:
        raise ValueError(f"nothing that {kpi} counts has a {field}")
    return split or sides(kpi)


def keys_of(oracle: Oracle, asked: Asked, split: Split) -> Keys:
    """In which parts somebody is by what they are, not by a field of events."""
    segments, space = oracle.segments(asked), asked.space
    if split.by in ("icp", "segment"):
        named = split.saved if split.by == "segment" else {slug: InIcp(slug) for slug in oracle.traits.rules}
        return lambda who, day: _within(segments, named, (who, space, day)) or {None}
    return lambda who, day: {_value(oracle, split.by.removeprefix("trait:"), (who, space, day))}


def _values(oracle: Oracle, asked: Asked, field: str, parted: Collection[str]) -> set[Key]:
    """The values of a field with which somebody counts."""
    carrying = [side for side in parted if carries(side, field)]
    told = [(EVENTS[side], deed) for side in carrying for deed in oracle.told(side, asked)]
    told += [] if carrying else [(Events(SHARE), deed) for deed in oracle.sharing(asked)]
    found = {key for events, deed in told for key in events.has(deed, field)}

    def has_any(key: Key) -> bool:
        one = asked.only(field, {key})
        return any(any(oracle.items(side, one)) for side in parted)

    return {key for key in found if has_any(key)}


def _first(found: Set[Key], of: Callable[[Collection[Key]], Answer], first: int) -> dict[Key, Answer]:
    answers = {key: of({key}) for key in found}
    ranked = sorted(answers, key=lambda key: (-sum(answers[key].numerator.values()), key is None, key or ""))
    rest = {OTHER: of(set(ranked[first:]))} if ranked[first:] else {}
    return {key: answers[key] for key in ranked[:first]} | rest


def _within(segments: Segments, named: Mapping[str, Condition], one: tuple[str, str, date]) -> set[Key]:
    who, space, day = one
    return {slug for slug, condition in named.items() if who in segments.meeting(condition, space, day)}


def _value(oracle: Oracle, trait: str, one: tuple[str, str, date]) -> Key:
    """A value as JSON; nothing is known of whoever has none, and nothing any more of somebody erased."""
    who, space, day = one
    if who == ERASED:
        return ERASED
    value = oracle.traits.values(space, trait, day).get(who)
    return None if value is None else written(value)
