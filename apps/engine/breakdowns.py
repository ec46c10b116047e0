"""The parts of an answer: which there are, whom each is about, and which of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from apps.engine.answers import Answer
from apps.engine.conditions import Any as AnyOf
from apps.engine.conditions import Condition
from apps.engine.expressions import OTHER
from apps.engine.facts import Facts
from apps.engine.parts import ERASED, THE_OTHERS, UNKNOWN, Part, PartKind
from apps.engine.pieces import Keep
from apps.engine.plan import Plan
from apps.engine.segments import Segments
from apps.engine.sets import Members, Space
from apps.engine.sources import trait_need

Row: TypeAlias = tuple[Part, Answer]
Of: TypeAlias = Callable[[Collection[Part]], Answer]
"""The answer of several parts together: a union, not a sum."""


@dataclass(frozen=True, slots=True)
class TraitParts:
    """The parts by a trait: its values, nobody knows, and nobody knows any more. Everybody is in one of them."""

    name: str
    facts: Facts
    plan: Plan

    def all(self) -> list[Part]:
        values = {value for space, day in self.plan.judged for value in self._values(space, day)}
        return [THE_OTHERS if value == OTHER else Part(value) for value in sorted(values)] + [UNKNOWN, ERASED]

    def within(self, part: Part, who: Members, day: date) -> Members:
        """Those of some people or accounts who are in a part on a day."""
        erased = self.facts.erased() if who.space is Space.USER else Members.empty(who.space)
        if part == ERASED:
            return who & erased
        values = self._values(who.space, day)
        if part.key is None:
            return who - Members.union(who.space, values.values()) - erased
        return (who & values.get(part.key, Members.empty(who.space))) - erased

    def _values(self, space: Space, day: date) -> Mapping[str, Members]:
        return self.facts.state(trait_need(self.name, space, day))


@dataclass(frozen=True, slots=True)
class ConditionParts:
    """The parts by conditions: whom each holds of, and whom none does."""

    conditions: Mapping[str, Condition]
    segments: Segments

    def all(self) -> list[Part]:
        return [*map(Part, self.conditions), UNKNOWN]

    def within(self, part: Part, who: Members, day: date) -> Members:
        """Those of some people or accounts who are in a part on a day."""
        if part.key is None:
            return who - self.segments.restrict(who, AnyOf(tuple(self.conditions.values())), day)
        return self.segments.restrict(who, self.conditions[part.key], day)


Parts: TypeAlias = TraitParts | ConditionParts


def keeper(parts: Parts, some: Collection[Part]) -> Keep:
    """Leaves whoever is in any of some parts."""
    return lambda who, day: Members.union(who.space, [parts.within(part, who, day) for part in some])


def rows(parts: Iterable[Part], of: Of, first: int, split: Sequence[bool] = (True, True)) -> list[Row]:
    """The `first` parts with the largest numerators, and all others as one, with what is not told apart.

    A part that nobody is in is no row; of the operands only those that are `split` can tell.
    """
    answers = {part: answer for part in parts if _occurs(answer := of([part]), split)}
    order = sorted(answers.keys() - {THE_OTHERS}, key=lambda part: _largest_first(part, answers[part]))
    rest = [*order[first:], *(answers.keys() & {THE_OTHERS})]
    shown = [(part, answers[part]) for part in order[:first]]
    return [*shown, (THE_OTHERS, of(rest))] if rest else shown


def _occurs(answer: Answer, split: Sequence[bool]) -> bool:
    sides = zip((answer.numerator, answer.denominator), split, strict=False)
    return bool(answer.dropped_numerator) or any(side and side.amount for side, is_split in sides if is_split)


def _largest_first(part: Part, answer: Answer) -> tuple[int | Decimal, bool, str]:
    return -answer.numerator.amount, part.kind is PartKind.UNKNOWN, part.key or ""
