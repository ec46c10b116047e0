"""Breakdowns by two dimensions, case by case: in which pairs of parts each one is (KPIS.md G9)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from apps.engine.expressions import OTHER
from apps.engine.parts import (
    ERASED,
    THE_OTHERS,
    UNKNOWN,
    ByBoth,
    ByTrait,
    Dimension,
    EventFacet,
    Part,
    PartKind,
)
from apps.engine.sets import Space
from tests.engine.brute import SHARE_FACETS
from tests.engine.by_hand import SIDES, ByHand, Case

CARRIED: Mapping[str, Sequence[str]] = {
    "shared": SHARE_FACETS,
    "shares": SHARE_FACETS,
    "any share icp": SHARE_FACETS,
    "sessions": ("platform",),
    "sessions shared in": ("platform", *SHARE_FACETS),
}
Place: TypeAlias = tuple[Part | None, ...]
"""A part of each dimension; None where a side is not split by it, and whoever is in it is in all of its parts."""


@dataclass(frozen=True)
class Pairs:
    """The pairs of one answer."""

    hand: ByHand
    by: ByBoth

    @property
    def sides(self) -> tuple[str, ...]:
        return SIDES[self.hand.slug]

    def rows(self, first: int) -> list[tuple[tuple[Part, ...], list[Counter[int]]]]:
        """The `first` pairs, the largest numerators first, and all others as one."""
        answers = {pair: self._answer({pair}) for pair in self._occurring()}
        lumped = [pair for pair in answers if THE_OTHERS in pair]
        ranked = sorted(answers.keys() - set(lumped), key=lambda pair: _rank(pair, answers[pair][0]))
        rest = [*ranked[first:], *lumped]
        others = [((THE_OTHERS, THE_OTHERS), self._answer(set(rest)))] if rest else []
        return [(pair, answers[pair]) for pair in ranked[:first]] + others

    def _answer(self, pairs: Set[tuple[Part, ...]]) -> list[Counter[int]]:
        return self.hand.counted(
            [
                [case for case, places in self._cases[side] if any(_fits(place, pairs) for place in places)]
                for side in self.sides
            ]
        )

    def _occurring(self) -> set[tuple[Part, ...]]:
        """The pairs of two parts that occur in which there is somebody, in a side that is split."""
        found = {place for some in self._cases.values() for _, places in some for place in places if any(place)}
        alone = [self._alone(one) for one in (self.by.first, self.by.then)]
        return {pair for pair in product(*alone) if any(_fits(place, {pair}) for place in found)}

    def _alone(self, by: Dimension) -> set[Part]:
        cases = [case for some in self._cases.values() for case, _ in some]
        return {part for case in cases for (part,) in self._places(case, [by]) if part}

    @cached_property
    def _cases(self) -> dict[str, list[tuple[Case, set[Place]]]]:
        """Everybody who counts in each side, as often as they do, and where that is."""
        both = [self.by.first, self.by.then]
        return {
            side: [(case, set(self._places(case, both))) for case in self.hand.cases(side)] for side in self.sides
        }

    def _places(self, case: Case, dimensions: Sequence[Dimension]) -> Iterator[Place]:
        facets = [one.name for one in dimensions if isinstance(one, EventFacet)]
        own = [name for name in facets if name in CARRIED.get(case.side, ())]
        of_shares = [name for name in facets if all(name not in CARRIED.get(side, ()) for side in self.sides)]
        told = [{name: one.get(name) for name in own} for one in case.told] or [{}]
        shared = [{name: one.get(name) for name in of_shares} for one in self._shares(case)] if of_shares else [{}]
        for one, other in product(told, shared):
            known = {name: UNKNOWN if value is None else Part(value) for name, value in {**one, **other}.items()}
            yield from product(*(self._parts(case, dimension, known) for dimension in dimensions))

    def _shares(self, case: Case) -> list[Mapping[str, str]]:
        shares = [event for event in self.hand.events() if event.name == "share.created"]
        if case.space is Space.ACCOUNT:
            return [event.facets for event in shares if event.account == case.who]
        return [event.facets for event in shares if event.user == case.who]

    def _parts(self, case: Case, by: Dimension, known: Mapping[str, Part]) -> Sequence[Part | None]:
        if isinstance(by, EventFacet):
            return [known.get(by.name)]
        if isinstance(by, ByTrait):
            return [self._trait(case, by.name)]
        held = self.hand.holds
        names = [name for name, one in by.conditions.items() if held(one, case.who, case.space, case.day)]
        return [Part(name) for name in names] or [UNKNOWN]

    def _trait(self, case: Case, name: str) -> Part:
        facts = self.hand.facts
        if case.space is Space.USER and case.who in facts.gone:
            return ERASED
        value = facts.held(f"{case.space}:trait:{name}", case.who, case.day)
        if value is None:
            return UNKNOWN
        return Part(OTHER, PartKind.OTHER) if value in facts.lumped else Part(value)


def _fits(place: Place, pairs: Set[tuple[Part, ...]]) -> bool:
    """Whether it is in any of some pairs."""
    return any(all(mine in (None, part) for mine, part in zip(place, pair, strict=True)) for pair in pairs)


def _rank(pair: Sequence[Part], numerator: Counter[int]) -> tuple[int, list[tuple[bool, str]]]:
    return -numerator.total(), [(part == UNKNOWN, part.key or "") for part in pair]
