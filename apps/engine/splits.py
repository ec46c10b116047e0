"""An answer taken apart by one dimension or more, so that any of its parts can be put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import product
from math import prod
from operator import and_

from apps.engine.answers import Answer
from apps.engine.definitions import Expression
from apps.engine.parts import Part, Place
from apps.engine.pieces import Piece, Pieces
from apps.engine.plan import Plan, Sliced
from apps.engine.sets import Members


@dataclass(frozen=True, slots=True)
class Cell:
    """What the facets that an operand carries tell alike: their values, several of events that drew several."""

    values: frozenset[Place]
    piece: Piece


@dataclass(frozen=True, slots=True)
class Axis:
    """Who of a slab is in the parts that some dimensions make of people, whatever these did to be counted."""

    positions: Sequence[int]
    whom: Mapping[Place, Members]


@dataclass(frozen=True)
class Slab:
    """A slice of an operand: its cells, by the dimensions at some positions, and the axes that cross them."""

    positions: Sequence[int]
    cells: Sequence[Cell]
    axes: Sequence[Axis]

    @property
    def crossings(self) -> int:
        """In how many places its dimensions cross, whether anybody is there or not; of a single one in none."""
        if len(self.positions) + len(self.axes) < 2:
            return 0
        return len(self.cells) * prod(len(axis.whom) for axis in self.axes)

    def found(self, positions: Sequence[int]) -> set[Place]:
        """The parts by the dimensions at these positions that somebody is in."""
        crossing = [axis for axis in self.axes if not set(positions).isdisjoint(axis.positions)]
        places = set[Place]()
        for cell in self.cells:
            for values in cell.values:
                reached = [(dict(zip(self.positions, values, strict=True)), cell.piece.who)]
                for n, axis in enumerate(crossing):
                    is_whole = not (n or self.positions)
                    reached = [
                        (known | dict(zip(axis.positions, parts, strict=True)), both)
                        for known, who in reached
                        for parts, whom in axis.whom.items()
                        if (both := whom if is_whole else who & whom)
                    ]
                places.update(tuple(known[at] for at in positions) for known, who in reached if who)
        return places

    def pieces(self, some: Collection[Place]) -> list[Piece]:
        """What is in any of some places: a cell once, of whoever is in one of its places."""
        wanted = defaultdict[int, list[Place]](list)
        for place in some:
            for number in self._numbers.get(_at(place, self.positions), ()):
                wanted[number].append(place)
        return [self._piece(self.cells[number].piece, places) for number, places in wanted.items()]

    @cached_property
    def _numbers(self) -> Mapping[Place, Sequence[int]]:
        """Which cells are in a place."""
        numbers = defaultdict[Place, list[int]](list)
        for number, cell in enumerate(self.cells):
            for values in cell.values:
                numbers[values].append(number)
        return numbers

    def _piece(self, piece: Piece, places: Sequence[Place]) -> Piece:
        if not self.axes:
            return piece
        kept = {tuple(_at(place, axis.positions) for axis in self.axes): None for place in places}
        first, *others = [self._kept(piece.who, parts) for parts in kept]
        return replace(piece, who=Members.union(first.space, [first, *others]) if others else first)

    def _kept(self, who: Members, parts: Sequence[Place]) -> Members:
        """Those who are in a part of each axis."""
        nobody = Members.empty(who.space)
        crossed = [axis.whom.get(part, nobody) for axis, part in zip(self.axes, parts, strict=True)]
        # Whoever is in the only cell is everybody of the slab: a large set, and often.
        return reduce(and_, [who, *crossed] if self.positions else crossed)


@dataclass(frozen=True, slots=True)
class SplitOperand:
    """An operand, by the dimensions at which positions it is split, and its slices; whole without any."""

    operand: Sliced
    positions: Sequence[int]
    slabs: Sequence[Slab]

    def found(self, positions: Sequence[int]) -> set[Place]:
        """The parts by the dimensions at these positions that somebody is in."""
        return {place for slab in self.slabs for place in slab.found(positions)}


@dataclass(frozen=True)
class Split:
    """An answer, taken apart by `width` dimensions."""

    expression: Expression
    plan: Plan
    width: int
    operands: Sequence[SplitOperand]

    def places(self) -> set[Place]:
        """Where somebody is, of an operand that is split. Of one that is split by some dimensions alone, a part by
        another is any that somebody is in at all.
        """
        places = set[Place]()
        for one in self.operands:
            if not one.positions:
                continue
            others = [at for at in range(self.width) if at not in one.positions]
            for found, rest in product(one.found(one.positions), product(*map(self._alone, others))):
                known = dict(zip((*one.positions, *others), (*found, *rest), strict=True))
                places.add(tuple(known[at] for at in range(self.width)))
        return places

    def answer(self, some: Collection[Place]) -> Answer:
        """The answer of several parts together: of people a union, and of events each once."""
        operands = [
            (one.operand, [piece for slab in one.slabs for piece in slab.pieces(some)]) for one in self.operands
        ]
        return Pieces(self.expression, self.plan, operands).answer()

    def _alone(self, position: int) -> list[Part]:
        """The parts by one dimension that somebody is in, of an operand that is split by it."""
        split = [one for one in self.operands if position in one.positions]
        return list({part for one in split for (part,) in one.found((position,))})


def _at(place: Place, positions: Sequence[int]) -> Place:
    return tuple(place[at] for at in positions)
