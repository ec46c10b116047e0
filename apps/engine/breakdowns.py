"""The parts of an answer: which there are, whom each is about, and which of them are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from apps.engine.answers import Answer
from apps.engine.conditions import Any as AnyOf
from apps.engine.conditions import Condition
from apps.engine.expressions import OTHER
from apps.engine.facts import Facts
from apps.engine.parts import ERASED, THE_OTHERS, UNKNOWN, Part, PartKind, Place, joined
from apps.engine.pieces import Keep
from apps.engine.segments import Segments
from apps.engine.sets import Members, Space
from apps.engine.sources import trait_need
from apps.engine.splits import Split

Row: TypeAlias = tuple[Part, Answer]


@dataclass(frozen=True, slots=True)
class TraitParts:
    """The parts by a trait: its values, nobody knows, and nobody knows any more. Everybody is in one of them."""

    name: str
    facts: Facts

    def on(self, space: Space, day: date) -> list[Part]:
        """Those that there are on a day."""
        values = sorted(self._values(space, day))
        return [THE_OTHERS if value == OTHER else Part(value) for value in values] + [UNKNOWN, ERASED]

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

    def on(self, _space: Space, _day: date) -> list[Part]:
        """All of them, on any day."""
        return [*map(Part, self.conditions), UNKNOWN]

    def within(self, part: Part, who: Members, day: date) -> Members:
        """Those of some people or accounts who are in a part on a day."""
        if part.key is None:
            return who - self.segments.restrict(who, AnyOf(tuple(self.conditions.values())), day)
        return self.segments.restrict(who, self.conditions[part.key], day)


Parts: TypeAlias = TraitParts | ConditionParts


def keeper(split: Sequence[tuple[Parts, Part]]) -> Keep:
    """Leaves whoever is in all of some parts."""

    def kept(who: Members, day: date) -> Members:
        for parts, part in split:
            who = parts.within(part, who, day)
        return who

    return kept


def within(parts: Parts, who: Members, day: date) -> dict[Place, Members]:
    """Those of some people or accounts who are in each part on a day."""
    return {(part,): parts.within(part, who, day) for part in parts.on(who.space, day)}


def rows(split: Split, first: int) -> list[Row]:
    """The `first` parts with the largest numerators, and all others as one, with what is not told apart.

    A part that nobody is in is no row.
    """
    answers = {place: split.answer([place]) for place in split.places()}
    lumped = [place for place in answers if THE_OTHERS in place]
    order = sorted(answers.keys() - set(lumped), key=lambda place: _largest_first(place, answers[place]))
    rest = [*order[first:], *lumped]
    shown = [(joined(place), answers[place]) for place in order[:first]]
    return [*shown, (joined((THE_OTHERS,) * split.width), split.answer(rest))] if rest else shown


def _largest_first(place: Place, answer: Answer) -> tuple[int | Decimal, list[tuple[bool, str]]]:
    return -answer.numerator.amount, [(part.kind is PartKind.UNKNOWN, part.key or "") for part in place]
