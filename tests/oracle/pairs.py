"""The parts of an answer by two dimensions at once: each part by the one within each part by the other.

A row says what the question answers that is restricted by both; each is found by asking just that.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from tests.oracle.breakdown import OTHER, Key, Keys, Split, keys_of, occurring, parted_sides
from tests.oracle.counting import DIMENSIONS, sides
from tests.oracle.oracle import Answer, Asked, Item, Oracle, of_sides

Pair: TypeAlias = tuple[Key, Key]
"""The value of a part by the first dimension, and of one by the second."""
Counted: TypeAlias = Mapping[str | bytes, str]
"""Who contributes each of the things that a side counts: somebody, or each event of theirs."""

OTHERS: Pair = (OTHER, OTHER)


@dataclass(frozen=True)
class Dimension:
    """One of the two, the sides that it splits, and its parts as they are without the other one."""

    split: Split
    parted: Collection[str]
    parts: Collection[Key]
    keys: Keys

    def restrict(self, asked: Asked, key: Key) -> Asked:
        """A question about a part, where that is one of events."""
        return asked.only(DIMENSIONS[self.split.by], {key}) if self.split.by in DIMENSIONS else asked

    def has(self, key: Key, item: Item) -> bool:
        """Whether somebody is in a part by what they are; a part by a field is what the question is about."""
        return self.split.by in DIMENSIONS or key in self.keys(item.who, item.basis)


def pairs(oracle: Oracle, asked: Asked, split: Split, then: Split) -> dict[Pair, Answer]:
    """The first pairs in which anything is that is split, the largest first, and one row of all the others.

    What is in several of the others counts there once.
    """
    if split.by == then.by:
        raise ValueError(f"{split.by} twice")
    both = _dimension(oracle, asked, split), _dimension(oracle, asked, then)
    found = {pair: _counted(oracle, asked, both, pair) for pair in product(both[0].parts, both[1].parts)}
    parted = {side for one in both for side in one.parted}
    rows = {pair: _answer(asked, [of]) for pair, of in found.items() if any(of[side] for side in parted)}
    ranked = sorted(rows, key=lambda pair: (-sum(rows[pair].numerator.values()), *map(_place, pair)))
    others = [found[pair] for pair in ranked[split.first :]]
    rest = {OTHERS: _answer(asked, others)} if others else {}
    return {pair: rows[pair] for pair in ranked[: split.first]} | rest


def _dimension(oracle: Oracle, asked: Asked, split: Split) -> Dimension:
    parted = parted_sides(asked.kpi, split.by)
    return Dimension(split, parted, occurring(oracle, asked, split), keys_of(oracle, asked, split))


def _counted(oracle: Oracle, asked: Asked, both: Sequence[Dimension], pair: Pair) -> Mapping[str, Counted]:
    """What each side counts in a pair."""
    within = tuple(zip(both, pair, strict=True))
    for one, key in within:
        asked = one.restrict(asked, key)
    found = {side: oracle.items(side, asked) for side in sides(asked.kpi)}
    return {
        side: {item.counted: item.who for item in items if all(one.has(key, item) for one, key in within)}
        for side, items in found.items()
    }


def _answer(asked: Asked, some: Collection[Mapping[str, Counted]]) -> Answer:
    """What all that is in any of some pairs makes, side by side."""
    together: list[Counted] = [
        {what: who for of in some for what, who in of[side].items()} for side in sides(asked.kpi)
    ]
    return of_sides(*(Counter(counted.values()) for counted in together))


def _place(key: Key) -> tuple[bool, str]:
    """Where a part stands among those that are as large: by its value, the unknown last."""
    return key is None, key or ""
