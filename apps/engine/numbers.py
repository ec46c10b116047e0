"""Bit-sliced integers: how much each person did, summed or compared for any set of people, exactly."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from typing import Self

from apps.engine.sets import Members, Space

FORMAT = b"\x01"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Non-negative integers of any size, one for each key (DESIGN section 2).

    `slices[i]` holds the keys whose number has bit i set; the top slice is never empty, so equal numbers
    are equal values. A key whose number is 0 is in no slice.
    """

    keys: Members
    slices: tuple[Members, ...]

    @classmethod
    def of(cls, space: Space, amounts: Mapping[int, int]) -> Self:
        """The amounts by ordinal; ValueError for a negative one."""
        by_bit: list[list[int]] = [[] for _ in range(max(amounts.values(), default=0).bit_length())]
        for ordinal, amount in amounts.items():
            for bit in _bits(amount):
                by_bit[bit].append(ordinal)
        return cls(Members.of(space, amounts), tuple(Members.of(space, ordinals) for ordinals in by_bit))

    @classmethod
    def empty(cls, space: Space) -> Self:
        """No keys at all."""
        return cls(Members.empty(space), ())

    @classmethod
    def total(cls, columns: Iterable[Self]) -> Self:
        """Key by key, the sum over the columns, of which there is at least one."""
        return reduce(cls.add, columns)

    @classmethod
    def load(cls, space: Space, members: Members, data: bytes) -> Self:
        """The numbers whose keys are `members` and whose dump is `data`; ValueError when it is no dump."""
        if members.space != space:
            raise TypeError(f"cannot key {space} numbers by {members.space} ordinals")
        return cls(members, tuple(Members.load(space, part) for part in _parts(data)))

    def dump(self) -> bytes:
        """A format byte, the number of slices, and each slice after its length, lowest bit first.

        Equal numbers give equal bytes. The keys are not in them: they are stored as a rollup's members.
        """
        parts = [part.dump() for part in self.slices]
        sized = (len(part).to_bytes(4, "big") + part for part in parts)
        return FORMAT + len(parts).to_bytes(2, "big") + b"".join(sized)

    def sum(self, within: Members | None = None) -> int:
        """The sum over the keys, or over those within a set."""
        if within is None:
            return sum(len(part) << bit for bit, part in enumerate(self.slices))
        return sum(part.overlap(within) << bit for bit, part in enumerate(self.slices))

    def add(self, other: Self) -> Self:
        """Key by key, the sum of both; a key of one alone keeps its number. Ripple carry, slice by slice."""
        nobody = carry = Members.empty(self.keys.space)
        slices = []
        for left, right in zip_longest(self.slices, other.slices, fillvalue=nobody):
            either = left ^ right
            slices.append(either ^ carry)
            carry = (left & right) | (carry & either)
        return type(self)(self.keys | other.keys, _trimmed([*slices, carry]))

    def at_least(self, least: int) -> Members:
        """The keys whose number is >= least."""
        if least <= 0:
            return self.keys
        above, level = Members.empty(self.keys.space), self.keys
        if least.bit_length() > len(self.slices):
            return above
        for bit, part in reversed(list(enumerate(self.slices))):
            if least >> bit & 1:
                level = level & part
            else:
                above, level = above | (level & part), level - part
        return above | level

    def less_than(self, limit: int) -> Members:
        """The keys whose number is < limit."""
        return self.keys - self.at_least(limit)

    def restrict(self, within: Members) -> Self:
        """The same numbers for the keys within the set alone."""
        return type(self)(self.keys & within, _trimmed([part & within for part in self.slices]))

    def get(self, ordinal: int) -> int | None:
        """The number of a key, None for no key."""
        return self._number(ordinal) if ordinal in self.keys else None

    def items(self, after: int | None, limit: int) -> list[tuple[int, int]]:
        """At most `limit` (ordinal, number) pairs above the ordinal `after`, ascending by ordinal."""
        return [(ordinal, self._number(ordinal)) for ordinal in self.keys.page(after, limit)]

    def _number(self, ordinal: int) -> int:
        return sum(1 << bit for bit, part in enumerate(self.slices) if ordinal in part)


def _bits(amount: int) -> Iterator[int]:
    if amount < 0:
        raise ValueError(f"numbers are non-negative, got {amount}")
    while amount:
        lowest = amount & -amount
        yield lowest.bit_length() - 1
        amount ^= lowest


def _trimmed(slices: list[Members]) -> tuple[Members, ...]:
    while slices and not slices[-1]:
        slices.pop()
    return tuple(slices)


def _parts(data: bytes) -> list[bytes]:
    if data[:1] != FORMAT:
        raise ValueError(f"numbers start with format byte {FORMAT!r}, not {data[:1]!r}")
    parts = []
    at = 3
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        parts.append(data[start:at])
    if at != len(data) or len(parts) != int.from_bytes(data[1:3], "big"):
        raise ValueError("truncated numbers")
    return parts
