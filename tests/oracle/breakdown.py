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
    if split.by in DIMENSIONS:
        return _of_field(oracle, asked, DIMENSIONS[split.by], split.first)
    keys = _keys(oracle, asked, split)

    def of(some: Collection[Key]) -> Answer:
        return oracle.answer(asked, lambda who, day: not keys(who, day).isdisjoint(some))

    items = (item for side in sides(asked.kpi) for item in oracle.items(side, asked))
    return _first({key for item in items for key in keys(item.who, item.basis)}, of, split.first)


def _of_field(oracle: Oracle, asked: Asked, field: str, first: int) -> dict[Key, Answer]:
    """The sides whose events have the field are split, and another one stays whole; or else who shared is."""
    split = [side for side in sides(asked.kpi) if carries(side, field)]
    if not split and field not in FILTERS:
        raise ValueError(f"nothing that {asked.kpi} counts has a {field}")
    told = [(EVENTS[side], deed) for side in split for deed in oracle.told(side, asked)]
    told += [] if split else [(Events(SHARE), deed) for deed in oracle.sharing(asked)]
    found = {key for events, deed in told for key in events.has(deed, field)}

    def of(some: Collection[Key]) -> Answer:
        return oracle.answer(asked.only(field, some))

    def has_any(key: Key) -> bool:
        one = asked.only(field, {key})
        return any(any(oracle.items(side, one)) for side in split or sides(asked.kpi))

    return _first({key for key in found if has_any(key)}, of, first)


def _first(found: Set[Key], of: Callable[[Collection[Key]], Answer], first: int) -> dict[Key, Answer]:
    answers = {key: of({key}) for key in found}
    ranked = sorted(answers, key=lambda key: (-sum(answers[key].numerator.values()), key is None, key or ""))
    rest = {OTHER: of(set(ranked[first:]))} if ranked[first:] else {}
    return {key: answers[key] for key in ranked[:first]} | rest


def _keys(oracle: Oracle, asked: Asked, split: Split) -> Keys:
    segments, space = oracle.segments(asked), asked.space
    if split.by in ("icp", "segment"):
        named = split.saved if split.by == "segment" else {slug: InIcp(slug) for slug in oracle.traits.rules}
        return lambda who, day: _within(segments, named, (who, space, day)) or {None}
    return lambda who, day: {_value(oracle, split.by.removeprefix("trait:"), (who, space, day))}


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
