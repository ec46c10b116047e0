"""What an answer can be broken down by, and the parts that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


By: TypeAlias = EventFacet | ByTrait | ByCondition


class PartKind(StrEnum):
    """What those in a part have in common: a value, none, that nothing is known any more, or to be left over."""

    VALUE = "value"
    UNKNOWN = "unknown"
    ERASED = "erased"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer. Its `key` is the facet's value, the trait's as JSON, or the condition's name."""

    key: str | None
    kind: PartKind = PartKind.VALUE


UNKNOWN = Part(None, PartKind.UNKNOWN)
ERASED = Part("(erased)", PartKind.ERASED)
THE_OTHERS = Part(OTHER, PartKind.OTHER)
