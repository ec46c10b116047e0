"""Sets of people and accounts: who did something, exactly, under any union, intersection or difference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Self

from pyroaring import FrozenBitMap

LAST_ORDINAL = 2**32 - 1


class Space(StrEnum):
    """What an ordinal stands for. Ordinals of different spaces are different things that look alike."""

    USER = "user"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Members:
    """An immutable set of uint32 ordinals of one space (DESIGN section 2); mixing spaces is a TypeError."""

    space: Space
    bits: FrozenBitMap

    @classmethod
    def of(cls, space: Space, ordinals: Iterable[int]) -> Self:
        """The set of these ordinals; OverflowError for one outside 0 to 2**32 - 1."""
        return cls(space, FrozenBitMap(ordinals))

    @classmethod
    def empty(cls, space: Space) -> Self:
        """Nobody."""
        return cls(space, FrozenBitMap())

    @classmethod
    def union(cls, space: Space, sets: Iterable[Self]) -> Self:
        """Everybody who is in at least one of the sets; one pass, however many there are."""
        return cls(space, FrozenBitMap().union(*(members.bits_in(space) for members in sets)))

    @classmethod
    def load(cls, space: Space, data: bytes) -> Self:
        """The set whose dump is `data`; ValueError when it is none."""
        if not data:
            raise ValueError("no bytes: a dumped set has at least a header")
        return cls(space, FrozenBitMap.deserialize(data))

    def dump(self) -> bytes:
        """Bytes in the portable roaring format; equal sets give equal bytes.

        Containers remember how they came about, and run-optimising alone keeps either form where both
        take the same room; building from the sorted ordinals forgets it.
        """
        return FrozenBitMap(self.bits.to_array()).serialize()

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        of = self.bits.get_statistics()
        return of["n_bytes_array_containers"] + of["n_bytes_run_containers"] + of["n_bytes_bitset_containers"]

    def page(self, after: int | None, limit: int) -> list[int]:
        """At most `limit` ordinals above `after`, ascending; the cost does not grow with depth."""
        first = 0 if after is None else after + 1
        if first > LAST_ORDINAL:
            return []
        return list(islice(self.bits.iter_equal_or_larger(first), limit))

    def overlap(self, other: Self) -> int:
        """len(self & other), without building it."""
        return self.bits.intersection_cardinality(other.bits_in(self.space))

    def bits_in(self, space: Space) -> FrozenBitMap:
        """The bare bitmap, for whoever expects this space; TypeError when it is another."""
        if self.space != space:
            raise TypeError(f"cannot mix {self.space} and {space} ordinals")
        return self.bits

    def __or__(self, other: Self) -> Self:
        return type(self)(self.space, self.bits | other.bits_in(self.space))

    def __and__(self, other: Self) -> Self:
        return type(self)(self.space, self.bits & other.bits_in(self.space))

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.space, self.bits - other.bits_in(self.space))

    def __xor__(self, other: Self) -> Self:
        return type(self)(self.space, self.bits ^ other.bits_in(self.space))

    def __contains__(self, ordinal: int) -> bool:
        return ordinal in self.bits

    def __iter__(self) -> Iterator[int]:
        return iter(self.bits)

    def __len__(self) -> int:
        return len(self.bits)

    def __repr__(self) -> str:
        return f"Members({self.space}, {len(self)} ordinals, first {self.page(None, 10)})"


@dataclass(frozen=True, slots=True)
class Holders:
    """Whom a condition holds of, whoever is asked about: some members, or if `is_rest` everybody but them."""

    members: Members
    is_rest: bool = False

    def within(self, base: Members) -> Members:
        """Those of some people or accounts of whom it holds."""
        return base - self.members if self.is_rest else base & self.members

    def __invert__(self) -> Self:
        return type(self)(self.members, not self.is_rest)

    def __and__(self, other: Self) -> Self:
        if self.is_rest and other.is_rest:
            return type(self)(self.members | other.members, is_rest=True)
        if self.is_rest:
            return type(self)(self.within(other.members))
        return type(self)(other.within(self.members))

    def __or__(self, other: Self) -> Self:
        return ~(~self & ~other)
