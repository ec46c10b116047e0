"""Who is asked about: conditions on people and accounts, as frozen values (DESIGN section 6, SegmentInput)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from apps.engine.definitions import InIcp, Kpi, Where
from apps.engine.periods import Period
from apps.engine.sets import Space

__all__ = [
    "All",
    "Any",
    "AsOf",
    "Condition",
    "Did",
    "InIcp",
    "KpiSide",
    "Leaf",
    "Not",
    "SideName",
    "TraitIs",
    "TraitOp",
]


class TraitOp(StrEnum):
    """How a trait is compared; the NOT_ ones hold exactly where the plain ones do not, hence for the unset too."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    IN = "IN"
    NOT_IN = "NOT_IN"
    CONTAINS = "CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    BETWEEN = "BETWEEN"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"


class SideName(StrEnum):
    """A part of an answer: REMAINDER is in the denominator and not in the numerator."""

    NUMERATOR = "NUMERATOR"
    DENOMINATOR = "DENOMINATOR"
    REMAINDER = "REMAINDER"


class AsOf(StrEnum):
    """The local day whose end a condition is taken at (KPIS.md G9)."""

    PERIOD_END = "PERIOD_END"
    PERIOD_START = "PERIOD_START"
    EVENT_DAY = "EVENT_DAY"
    NOW = "NOW"


@dataclass(frozen=True, slots=True)
class TraitIs:
    """A trait's value meets a comparison. `spaces` are those in which the trait is kept: users' always."""

    name: str
    op: TraitOp
    values: tuple[str, ...] = ()
    spaces: frozenset[Space] = frozenset({Space.USER})


@dataclass(frozen=True, slots=True)
class Did:
    """Users with at least `at_least` events of a name, in a period, or the last `days` up to the as-of day.

    Without either, in the period that the question is about.
    """

    event: str
    at_least: int = 1
    days: int | None = None
    period: Period | None = None
    where: Where = ()


@dataclass(frozen=True, slots=True)
class KpiSide:
    """Whoever is in a side of a KPI, in a period, or in the one that the question is about."""

    kpi: Kpi
    side: SideName
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; with no parts, always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Some part holds; with no parts, never."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Leaf: TypeAlias = TraitIs | Did | KpiSide | InIcp
Condition: TypeAlias = Leaf | All | Any | Not


def condition_leaves(condition: Condition) -> Iterator[Leaf]:
    """The leaves of a condition, in order."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from condition_leaves(part)
        case Not(part):
            yield from condition_leaves(part)
        case leaf:
            yield leaf
