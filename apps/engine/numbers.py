"""Bit-sliced integers: how much each person did, summed, ranked or compared for any set of people, exactly."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

from apps.engine.sets import Members, Space

UNSIGNED, SIGNED = b"\x01", b"\x02"

# Shared: nearly every column that is held has nobody below 0.
NOBODY = {space: Members.empty(space) for space in Space}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Integers of any size, one for each key (DESIGN section 2), in two's complement.

    `slices[i]` holds the keys whose number has bit i set; `negative` those whose number is below 0, as if it
    were every slice above. The top slice is never the same set as `negative`, so equal numbers are equal
    values. A key whose number is 0 is in no slice.
    """

    keys: Members
    slices: tuple[Members, ...]
    negative: Members

    @classmethod
    def of(cls, space: Space, amounts: Mapping[int, int]) -> Self:
        """The amounts by ordinal."""
        width = max(map(int.bit_length, amounts.values()), default=0)
        by_bit: list[list[int]] = [[] for _ in range(width + 1)]
        for ordinal, amount in amounts.items():
            for bit in _bits(amount & (2 << width) - 1):
                by_bit[bit].append(ordinal)
        return cls._trimmed(Members.of(space, amounts), [Members.of(space, ordinals) for ordinals in by_bit])

    @classmethod
    def empty(cls, space: Space) -> Self:
        """No keys at all."""
        return cls(NOBODY[space], (), NOBODY[space])

    @classmethod
    def total(cls, columns: Iterable[Self]) -> Self:
        """Key by key, the sum over the columns, of which there is at least one."""
        sums = list(columns)
        # In pairs: one by one, each would be added to all that came before it.
        while len(sums) > 1:
            odd = sums[-1:] if len(sums) % 2 else []
            sums = [*map(cls.add, sums[::2], sums[1::2]), *odd]
        return sums[0]

    @classmethod
    def load(cls, space: Space, members: Members, data: bytes) -> Self:
        """The numbers whose keys are `members` and whose dump is `data`; ValueError when it is no dump."""
        if members.space != space:
            raise TypeError(f"cannot key {space} numbers by {members.space} ordinals")
        slices = [Members.load(space, part) for part in _parts(data)]
        return cls._trimmed(members, slices if data[:1] == SIGNED else [*slices, NOBODY[space]])

    @classmethod
    def _trimmed(cls, keys: Members, slices: list[Members]) -> Self:
        """The numbers of these slices, the last of which says who is negative."""
        *lower, negative = slices
        while lower and lower[-1] == negative:
            lower.pop()
        return cls(keys, tuple(lower), negative)

    def dump(self) -> bytes:
        """A format byte, the number of slices, and each slice after its length, lowest bit first.

        Where a number is negative, the format byte is another and `negative` follows. Equal numbers give equal
        bytes. The keys are not in them: they are stored as a rollup's members.
        """
        slices = (*self.slices, self.negative) if self.negative else self.slices
        parts = [part.dump() for part in slices]
        sized = (len(part).to_bytes(4, "big") + part for part in parts)
        return (SIGNED if self.negative else UNSIGNED) + len(self.slices).to_bytes(2, "big") + b"".join(sized)

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        return sum(part.size for part in (self.keys, *self.slices, self.negative))

    def sum(self, within: Members | None = None) -> int:
        """The sum over the keys, or over those within a set."""
        count: Callable[[Members], int] = len if within is None else within.overlap
        weighed = sum(count(part) << bit for bit, part in enumerate(self.slices))
        return weighed - (count(self.negative) << len(self.slices))

    def quantile(self, p: Fraction | Decimal, within: Members | None = None) -> Fraction | None:
        """What a share p of the keys does not exceed, of all keys or of those within a set; None of no keys.

        It is SQL's percentile_cont (KPIS.md G11): row p·(n-1)+1 of the n numbers in order, and between two
        rows the line that joins them; exact, in the unit of the numbers. ValueError for a p that is outside
        0 to 1, or that is no exact number.
        """
        share = _share(p)
        keys = self.keys if within is None else self.keys & within
        if not keys:
            return None
        rank, rest = divmod(share * (len(keys) - 1), 1)
        lower = self._ranked(keys, rank)
        upper = self._ranked(keys, rank + 1) if rest else lower
        return lower + rest * (upper - lower)

    def add(self, other: Self) -> Self:
        """Key by key, the sum of both; a key of one alone keeps its number. Ripple carry, slice by slice."""
        carry = NOBODY[self.keys.space]
        slices = []
        *pairs, (negative, other_negative) = self._paired(other)
        for left, right in pairs:
            either = left ^ right
            slices.append(either ^ carry)
            carry = (left & right) | (carry & either)
        # Signs cost as much as another slice, and the columns that are added by the thousand have none.
        if not (negative or other_negative):
            return self._trimmed(self.keys | other.keys, [*slices, carry, negative])
        either = negative ^ other_negative
        sign = (negative & other_negative) | (either - carry)
        return self._trimmed(self.keys | other.keys, [*slices, either ^ carry, sign])

    def subtract(self, other: Self) -> Self:
        """Key by key, the other's number taken from this one; a key of one alone counts as 0 in the other."""
        borrow = NOBODY[self.keys.space]
        slices = []
        *pairs, (negative, other_negative) = self._paired(other)
        for left, right in pairs:
            either = left ^ right
            slices.append(either ^ borrow)
            borrow = (right - left) | (borrow - either)
        either = negative ^ other_negative
        sign = (negative - other_negative) | (borrow - either)
        return self._trimmed(self.keys | other.keys, [*slices, either ^ borrow, sign])

    def min(self, other: Self) -> Self:
        """Key by key, the lesser of both numbers; a key of one alone is left out."""
        both, less = self.keys & other.keys, self.less_than_column(other)
        rest = both - less
        return self._trimmed(both, [(left & less) | (right & rest) for left, right in self._paired(other)])

    def at_least(self, least: int) -> Members:
        """The keys whose number is >= least."""
        above, level = NOBODY[self.keys.space], self.keys
        shifted = least + (1 << len(self.slices))
        if shifted <= 0:
            return level
        if shifted.bit_length() > len(self.slices) + 1:
            return above
        for bit, part in self._from_the_top():
            if shifted >> bit & 1:
                level = level & part
            else:
                above, level = above | (level & part), level - part
        return above | level

    def less_than(self, limit: int) -> Members:
        """The keys whose number is < limit."""
        return self.keys - self.at_least(limit)

    def at_least_column(self, other: Self) -> Members:
        """The keys of both whose number is >= the other's."""
        return (self.keys & other.keys) - self.less_than_column(other)

    def less_than_column(self, other: Self) -> Members:
        """The keys of both whose number is < the other's."""
        less, level = NOBODY[self.keys.space], self.keys & other.keys
        *pairs, (negative, other_negative) = self._paired(other)
        # The sign decides first, and the other way round: who has that bit is less.
        for left, right in ((other_negative, negative), *reversed(pairs)):
            less = less | ((level & right) - left)
            level = level - (left ^ right)
        return less

    def restrict(self, within: Members) -> Self:
        """The same numbers for the keys within the set alone."""
        return self._trimmed(self.keys & within, [part & within for part in (*self.slices, self.negative)])

    def get(self, ordinal: int) -> int | None:
        """The number of a key, None for no key."""
        return self._number(ordinal) if ordinal in self.keys else None

    def items(self, after: int | None, limit: int) -> list[tuple[int, int]]:
        """At most `limit` (ordinal, number) pairs above the ordinal `after`, ascending by ordinal."""
        return [(ordinal, self._number(ordinal)) for ordinal in self.keys.page(after, limit)]

    def _number(self, ordinal: int) -> int:
        weighed = sum(1 << bit for bit, part in enumerate(self.slices) if ordinal in part)
        return weighed - ((ordinal in self.negative) << len(self.slices))

    def _ranked(self, keys: Members, rank: int) -> int:
        """The number of that rank, counted from 0, among the numbers of these keys in order."""
        level, shifted = keys, 0
        for bit, part in self._from_the_top():
            ones = level & part
            zeros = len(level) - len(ones)
            if rank < zeros:
                level = level - part
            else:
                level, rank, shifted = ones, rank - zeros, shifted | 1 << bit
        return shifted - (1 << len(self.slices))

    def _from_the_top(self) -> list[tuple[int, Members]]:
        """Bit and slice, from the highest, of the numbers raised by 1 << len(slices).

        Raised so, none is negative, and bit by bit they are in the order of the numbers.
        """
        return list(enumerate((*self.slices, self.keys - self.negative)))[::-1]

    def _paired(self, other: Self) -> list[tuple[Members, Members]]:
        """The slices of both, lowest first, where one has fewer its sign in their place, and the signs last."""
        width = max(len(self.slices), len(other.slices)) + 1
        return list(zip(_widened(self, width), _widened(other, width), strict=True))


def _bits(amount: int) -> Iterator[int]:
    while amount:
        lowest = amount & -amount
        yield lowest.bit_length() - 1
        amount ^= lowest


def _share(p: Fraction | Decimal) -> Fraction:
    exact = isinstance(p, Fraction) or (isinstance(p, Decimal) and p.is_finite())
    if not (exact and 0 <= p <= 1):
        raise ValueError(f"a quantile is of a Fraction or Decimal from 0 to 1, got {p!r}")
    return Fraction(p)


def _widened(numbers: Numbers, width: int) -> list[Members]:
    return [*numbers.slices, *[numbers.negative] * (width - len(numbers.slices))]


def _parts(data: bytes) -> list[bytes]:
    if data[:1] not in {UNSIGNED, SIGNED}:
        raise ValueError(f"numbers start with format byte {UNSIGNED!r} or {SIGNED!r}, not {data[:1]!r}")
    parts = []
    at = 3
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        parts.append(data[start:at])
    slices = int.from_bytes(data[1:3], "big")
    if at != len(data) or len(parts) != slices + (data[:1] == SIGNED):
        raise ValueError("truncated numbers")
    return parts
