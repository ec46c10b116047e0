"""How the values of traits compare with texts that somebody wrote: decided once for each distinct value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.refusals import ConditionError

Test: TypeAlias = Callable[[Any], bool]
"""Whether a value meets a comparison: a parsed one, whose numbers are of type Number."""

OPPOSITES = {
    TraitOp.NOT_EQUALS: TraitOp.EQUALS,
    TraitOp.NOT_IN: TraitOp.IN,
    TraitOp.IS_NOT_SET: TraitOp.IS_SET,
}
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
EXPECTED = "a number, a date such as 2026-04-30, or a date with a time and its zone"


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A number in JSON, which unlike Python's never equals true or false."""

    value: Decimal


@lru_cache(maxsize=2**14)
def parsed(text: str) -> Any:
    """The value of a JSON text, not to be changed. ValueError for any other text."""
    try:
        return json.loads(text, parse_int=_number, parse_float=_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def check(comparison: TraitIs) -> None:
    """ConditionError where the values mean nothing to the comparison; how many there are is checked elsewhere."""
    TESTS[OPPOSITES.get(comparison.op, comparison.op)](comparison)


def meets(comparison: TraitIs) -> Callable[[str], bool]:
    """Whether the value of a JSON text meets a comparison, which is none of the OPPOSITES."""
    test = TESTS[comparison.op](comparison)
    return lambda text: test(parsed(text))


def _number(text: str) -> Number:
    return Number(Decimal(text))


def _equal(comparison: TraitIs) -> Test:
    """One element is one of the values: a text itself, a number as a number, all else as JSON. So is the whole."""
    wholes = [whole for text in comparison.values for whole in _json(text)]
    numbers = {_decimal(text) for text in comparison.values}

    def is_one(element: Any) -> bool:
        if isinstance(element, str):
            return element in comparison.values
        return element in numbers if isinstance(element, Number) else element in wholes

    return lambda value: value in wholes or any(map(is_one, _elements(value)))


def _contains(comparison: TraitIs) -> Test:
    wanted = comparison.values[0].casefold()
    return lambda value: any(wanted in text for text in _texts(value))


def _starts(comparison: TraitIs) -> Test:
    wanted = comparison.values[0].casefold()
    return lambda value: any(text.startswith(wanted) for text in _texts(value))


def _is_set(_: TraitIs) -> Test:
    return lambda value: value is not None


def _ordered(comparison: TraitIs) -> Test:
    """Both ends included, on the first scale on which all bounds have a place."""
    for of_bound, of_value in SCALES:
        bounds = [of_bound(text) for text in comparison.values]
        if None not in bounds:
            return _between(comparison.op, bounds, of_value)
    raise ConditionError("BAD_CONDITION", "values", EXPECTED)


def _between(op: TraitOp, bounds: Sequence[Any], place: Callable[[Any], Any]) -> Test:
    if bounds[0] > bounds[-1]:
        raise ConditionError("BAD_CONDITION", "values", "the lower bound before the upper one")
    low = None if op is TraitOp.AT_MOST else bounds[0]
    high = None if op is TraitOp.AT_LEAST else bounds[-1]

    def is_between(value: Any) -> bool:
        at = place(value)
        return at is not None and (low is None or low <= at) and (high is None or at <= high)

    return is_between


TESTS: Mapping[TraitOp, Callable[[TraitIs], Test]] = {
    TraitOp.EQUALS: _equal,
    TraitOp.IN: _equal,
    TraitOp.CONTAINS: _contains,
    TraitOp.STARTS_WITH: _starts,
    TraitOp.AT_LEAST: _ordered,
    TraitOp.AT_MOST: _ordered,
    TraitOp.BETWEEN: _ordered,
    TraitOp.IS_SET: _is_set,
}


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    return [element.casefold() for element in _elements(value) if isinstance(element, str)]


def _json(text: str) -> list[Any]:
    try:
        return [parsed(text)]
    except ValueError:
        return []


def _decimal(text: str) -> Number | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return Number(number) if number.is_finite() else None


def _date(text: str) -> date | None:
    return moment.date() if DATE.fullmatch(text) and (moment := _clock(text)) else None


def _instant(text: str) -> datetime | None:
    """When a text says that something is: a date at its midnight in UTC; nothing for a time without a zone."""
    moment = _clock(text)
    if moment and DATE.fullmatch(text):
        return datetime.combine(moment, time(), UTC)
    return moment if moment and moment.tzinfo else None


def _clock(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _day(value: Any) -> date | None:
    moment = _clock(value)
    return moment.date() if moment else None


# Where a bound, and where a value, has its place: numbers among numbers, days among days, instants among instants.
SCALES: Sequence[tuple[Callable[[str], Any], Callable[[Any], Any]]] = (
    (_decimal, lambda value: value if isinstance(value, Number) else None),
    (_date, _day),
    (_instant, lambda value: _instant(value) if isinstance(value, str) else None),
)
