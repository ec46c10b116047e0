"""Conditions on people and accounts as values, and what it means that a trait meets one (KPIS.md G9)."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from tests.oracle.messages import Raw

Value: TypeAlias = object
"""A trait as JSON has it."""
Where: TypeAlias = tuple[tuple[str, frozenset[str | None]], ...]

OPPOSITES = {"NOT_EQUALS": "EQUALS", "NOT_IN": "IN", "IS_NOT_SET": "IS_SET"}


@dataclass(frozen=True)
class TraitIs:
    """A trait compared with the values given."""

    name: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Did:
    """At least so many events of a name: in the `days` up to the as-of day, a period, or the one asked for."""

    event: str
    at_least: int = 1
    days: int | None = None
    period: str | None = None
    where: Where = ()


@dataclass(frozen=True)
class KpiSide:
    """In the NUMERATOR, the DENOMINATOR or the REMAINDER of a KPI, in a period, or in the one asked for."""

    kpi: str
    side: str
    period: str | None = None


@dataclass(frozen=True)
class InIcp:
    """Matches a profile, or any."""

    profile: str | None = None


@dataclass(frozen=True)
class Saved:
    """What is saved under a name."""

    slug: str
    condition: "Condition"


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Some:
    """A part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Leaf: TypeAlias = TraitIs | Did | KpiSide | InIcp
Condition: TypeAlias = Leaf | Saved | All | Some | Not


def rule_condition(rule: list[Raw]) -> Condition:
    """An ICP profile's rule: any of the groups, each all of its conditions, each to be negated."""
    return Some(tuple(_signed(group["not"], All(tuple(map(_of_rule, group["all"])))) for group in rule))


def _of_rule(said: Raw) -> Condition:
    return _signed(said["not"], TraitIs(said["name"], said["op"], tuple(said["values"])))


def _signed(is_negated: bool, condition: Condition) -> Condition:
    return Not(condition) if is_negated else condition


def meets(value: Value, leaf: TraitIs) -> bool:
    """Whether a value, None for unset, is what the condition wants."""
    if leaf.op in OPPOSITES:
        return not meets(value, TraitIs(leaf.name, OPPOSITES[leaf.op], leaf.values))
    if value is None:
        return False
    if leaf.op in ("EQUALS", "IN"):
        return any(_equals(value, text) for text in leaf.values)
    if leaf.op in ("CONTAINS", "STARTS_WITH"):
        return any(_reads(one, leaf) for one in _elements(value))
    return leaf.op == "IS_SET" or _between(value, leaf)


def _elements(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def written(value: Value) -> str:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _equals(value: Value, text: str) -> bool:
    return written(value) == text or any(_is(one, text) for one in _elements(value))


def _is(one: Value, text: str) -> bool:
    if isinstance(one, str):
        return one == text
    if isinstance(one, int | float | Decimal) and not isinstance(one, bool):
        return bool(Decimal(str(one)) == _decimal(text))
    return written(one) == text


def _reads(one: Value, leaf: TraitIs) -> bool:
    if not isinstance(one, str):
        return False
    text, wanted = one.casefold(), leaf.values[0].casefold()
    return text.startswith(wanted) if leaf.op == "STARTS_WITH" else wanted in text


def _between(value: Value, leaf: TraitIs) -> bool:
    """Numbers with numbers, dates with the dates of texts, instants with instants; both ends included."""
    scales = ((_decimal, _number), (_date, _day), (_time, _time))
    read, found = next(scale for scale in scales if None not in map(scale[0], leaf.values))
    bounds, place = [read(text) for text in leaf.values], found(value)
    if place is None:
        return False
    is_above = leaf.op == "AT_MOST" or bounds[0] <= place
    is_below = leaf.op == "AT_LEAST" or place <= bounds[-1]
    return bool(is_above and is_below)


# A place on one of three scales, which of them depends on the bounds.
def _decimal(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _number(value: Value) -> Any:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None


def _date(text: str) -> Any:
    return date.fromisoformat(text) if len(text) == 10 else None


def _day(value: Value) -> Any:
    return value.date() if isinstance(value := _clock(value), datetime) else None


def _time(value: Value) -> Any:
    """The instant that a text tells: of a date its midnight in UTC, of a clock without a zone none."""
    read = _clock(value)
    if read is None or len(str(value)) == 10:
        return read and read.replace(tzinfo=UTC)
    return read.astimezone(UTC) if read.tzinfo else None


def _clock(value: Value) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
