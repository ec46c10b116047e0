"""What an answer can be broken down by, and the parts that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from apps.engine.conditions import Condition
from apps.engine.expressions import OTHER


@dataclass(frozen=True, slots=True)
class EventFacet:
    """By a facet of events, "share_type" or "channel": somebody with two values is in two parts."""

    name: str


@dataclass(frozen=True, slots=True)
class ByTrait:
    """By the whole value of a trait, a user's of users, an account's own of accounts: everybody is in one part."""

    name: str


@dataclass(frozen=True, slots=True)
class ByCondition:
    """By conditions under names, such as ICP profiles or saved segments: somebody may be in several parts."""

    conditions: Mapping[str, Condition]


Dimension: TypeAlias = EventFacet | ByTrait | ByCondition


@dataclass(frozen=True, slots=True)
class ByBoth:
    """By two dimensions at once: a part is a pair of their parts, of what is in the one and in the other."""

    first: Dimension
    then: Dimension


By: TypeAlias = Dimension | ByBoth


class PartKind(StrEnum):
    """What those in a part have in common: a value, none, that nothing is known any more, or to be left over."""

    VALUE = "value"
    UNKNOWN = "unknown"
    ERASED = "erased"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer. Its `key` is the facet's value, the trait's as JSON, or the condition's name.

    By two dimensions at once it is a part by the first, together with `then`, one by the second.
    """

    key: str | None
    kind: PartKind = PartKind.VALUE
    then: Part | None = None


Place: TypeAlias = tuple[Part, ...]
"""A part of each dimension, in order."""

UNKNOWN = Part(None, PartKind.UNKNOWN)
ERASED = Part("(erased)", PartKind.ERASED)
THE_OTHERS = Part(OTHER, PartKind.OTHER)


def dimensions(by: By) -> tuple[Dimension, ...]:
    """The dimensions that an answer is broken down by: one, or two."""
    return (by.first, by.then) if isinstance(by, ByBoth) else (by,)


def place(part: Part) -> Place:
    """The parts that a part is made of, one of each dimension."""
    return (replace(part, then=None), part.then) if part.then else (part,)


def joined(parts: Place) -> Part:
    """The part that is made of these, one of each dimension."""
    first, *rest = parts
    return replace(first, then=rest[0]) if rest else first
