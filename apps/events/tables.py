"""Rows of a table as Segment messages: what a column may be called, and what its cells become."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from apps.audience.identity import INTERNAL_TRAIT
from apps.events.decoding import Malformed, decode
from apps.events.messages import NAMES

# By event name: the types that the taxonomy gives to properties.
Types: TypeAlias = Mapping[str, Mapping[str, str]]

NEEDED = ("type", "timestamp")
OBJECTS = ("properties", "traits", "context")
COLUMNS = (
    *NEEDED,
    *("messageId", "userId", "anonymousId", "groupId", "event", "previousId", "name", "category"),
    *OBJECTS,
    # Segment's own exports have these, and nothing reads them.
    *("originalTimestamp", "receivedAt", "sentAt", "channel", "integrations", "version"),
)
# These are read as booleans only, whatever the event and whether it is planned or not.
FLAGS = dict.fromkeys(("is_error", "message_customized", "viewable", INTERNAL_TRAIT), "boolean")
BOOLEANS = {"true": True, "false": False}
WHOLE = re.compile(r"-?[0-9]{1,18}")


def check_columns(columns: Sequence[str]) -> None:
    """Raise Malformed unless these columns make messages; it names the nearest right one."""
    for name, times in Counter(columns).items():
        if times > 1:
            raise Malformed("duplicate_column", f"The column `{name}` is there {times} times.")
        if name not in COLUMNS and name.partition(".")[0] not in OBJECTS:
            raise Malformed("unknown_column", f"`{name}` is no column of a message. {_advice(name)}")
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise Malformed("missing_column", f"The file lacks the column `{missing[0]}`, which every message has.")


def _advice(name: str) -> str:
    lowered = {column.lower(): column for column in COLUMNS}
    nearest = difflib.get_close_matches(name.lower().replace("_", ""), lowered, n=1)
    meant = f"Did you mean `{lowered[nearest[0]]}`? " if nearest else ""
    return f"{meant}A property is a column such as `properties.share_type`; the others are {', '.join(COLUMNS)}."


def message(cells: Mapping[str, object], types: Types) -> dict[str, object]:
    """The message in a row; an empty cell says nothing. Raises Malformed.

    A column with a dot is one field of an object. Its text becomes a number or a boolean where the taxonomy
    gives the property that type, and stays a text otherwise: only its owner knows whether 007 is a number.
    """
    given = {name: cell for name, cell in cells.items() if cell is not None and cell != ""}
    made = {name: _whole(name, cell) for name, cell in given.items() if "." not in name}
    expected = {**FLAGS, **types.get(_event(given), {})}
    for name in (name for name in given if "." in name):
        parent, _, field = name.partition(".")
        fields = made.setdefault(parent, {})
        if not isinstance(fields, dict):
            continue
        if field in fields:
            raise Malformed("duplicate_key", f"`{name}` is given by its own column and by `{parent}`.")
        fields[field] = _typed(given[name], expected.get(field) if parent != "context" else None)
    return made


def _whole(name: str, cell: object) -> object:
    return decode(cell.encode()) if name in OBJECTS and isinstance(cell, str) else cell


def _event(cells: Mapping[str, object]) -> str:
    return NAMES.get(str(cells.get("type")), str(cells.get("event", "")).strip())


def _typed(cell: object, expected: str | None) -> object:
    """A text as the type that is expected, where it reads as one; the door refuses what does not."""
    if expected == "integer" and isinstance(cell, str) and WHOLE.fullmatch(cell):
        return int(cell)
    if expected == "boolean" and isinstance(cell, str):
        return BOOLEANS.get(cell.lower(), cell)
    return cell
