"""Bytes to JSON values, strictly: what has two readings is refused, and no decimal becomes a float."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import simplejson

# What a double takes in, and no more digits than Python reads of a whole number.
LARGEST_EXPONENT, MOST_DIGITS = 308, 4300
BEYOND = Decimal("1e309")


class Malformed(ValueError):
    """Text that is no JSON, or JSON that readers disagree about: `code` for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def decode(text: bytes) -> object:
    """The JSON value in `text`, which is UTF-8. Raises Malformed."""
    try:
        return _DECODER.decode(text.decode())
    except Malformed:
        raise
    except UnicodeDecodeError as error:
        raise Malformed("not_utf8", f"The text is not UTF-8: byte {error.start} cannot be read.") from error
    except RecursionError as error:
        raise Malformed("too_deep", "The JSON is nested too deep.") from error
    except simplejson.JSONDecodeError as error:
        raise Malformed("not_json", f"This is no JSON: {error}.") from error
    except ValueError as error:
        raise Malformed("number_too_large", "A number has more than 4,300 digits.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise Malformed("duplicate_key", f"The key {twice!r} stands twice in one object.")
    return value


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = BEYOND
    if number.adjusted() > LARGEST_EXPONENT or len(text) > MOST_DIGITS or number.adjusted() < -LARGEST_EXPONENT:
        raise Malformed("number_too_large", f"The number {text[:40]} is not within 1e-308 to 1e308.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed("not_a_number", f"{name} is no JSON.")


# Made once: simplejson.loads makes one for each call with hooks.
_DECODER = simplejson.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_refuse_constant)
