"""One message of Segment's HTTP Tracking API: what it must look like, and what we take from it."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.audience.models import ID_LENGTH
from apps.events.models import NAME_LENGTH
from apps.workspaces.exactjson import to_json

MAX_BYTES = 32 * 1024
MAX_PROPERTIES = 1000
MAX_AHEAD = timedelta(hours=24)
MADE = "made-"
# A NUL as JSON writes it; behind an odd number of backslashes it is six characters of text.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
RESERVED_IDS = frozenset({"", "null", "undefined"})
# A message that is no track call is stored under a name of ours, so that it can be mapped like any event.
NAMES = {"identify": "$identify", "group": "$group", "page": "$page", "screen": "$screen", "alias": "$alias"}


class Rejection(Exception):
    """A message that cannot be taken: `code` for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What a delivery allows: `now` is when it came in; `oldest` is the earliest event time taken, None for any.

    `undated` is the event time of a message that has none; None rejects it.
    """

    now: datetime
    oldest: datetime | None = None
    undated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that passed every check that needs no database."""

    type: str
    name: str
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    previous_id: str | None
    occurred_at: datetime
    is_dated: bool
    properties: Mapping[str, Any] = field(repr=False)
    traits: Mapping[str, Any] = field(repr=False)

    @property
    def is_id_made(self) -> bool:
        """Whether the message came without an id and was given one."""
        return self.message_id.startswith(MADE)

    @property
    def body_digest(self) -> int:
        """64 bits over all that the message says, but for when it was sent."""
        at = self.occurred_at.isoformat() if self.is_dated else None
        said = (self.type, self.name, self.user_id, self.anonymous_id, self.group_id, at, self.properties)
        digest = hashlib.blake2b(to_json(said).encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


def parse(raw: object, terms: Terms) -> Message:
    """The message in `raw`, a decoded JSON value. Raises Rejection (RELIABILITY section 5, "One event")."""
    if not isinstance(raw, dict):
        raise Rejection("not_an_object", f"A message is a JSON object, not {_kind(raw)}.")
    _check_text(raw)
    kind = raw.get("type")
    if kind != "track" and kind not in NAMES:
        raise Rejection("unknown_type", f"`type` is one of track, {', '.join(NAMES)}; this is {_shown(kind)}.")
    traits = _mapping(raw, "traits")
    return Message(
        type=kind,
        name=_name(raw) if kind == "track" else NAMES[kind],
        message_id=_message_id(raw),
        **_identity(raw, kind),
        occurred_at=_occurred_at(raw, terms),
        is_dated=raw.get("timestamp") is not None,
        properties=_contents(raw, kind, traits),
        traits=traits if kind in ("identify", "group") else {},
    )


def _check_text(raw: dict[str, Any]) -> None:
    try:
        # Deeper by more than it will be nested in when it is stored.
        text = to_json([[[[raw]]]])
    except RecursionError:
        raise Rejection("too_deep", "The message is nested too deep.") from None
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Rejection(
            "bad_unicode", "A text has half of a surrogate pair in it, which is no character."
        ) from None
    if size > MAX_BYTES:
        raise Rejection("too_large", f"A message has at most {MAX_BYTES:,} bytes; this one has {size:,}.")
    if NUL.search(text):
        raise Rejection("nul_character", "A text has the character NUL in it, which cannot be stored.")


def _contents(raw: dict[str, Any], kind: str, traits: dict[str, Any]) -> dict[str, Any]:
    properties = dict(traits if kind in ("identify", "group") else _mapping(raw, "properties"))
    if len(properties) > MAX_PROPERTIES:
        raise Rejection(
            "too_many_properties",
            f"A message has at most {MAX_PROPERTIES:,} properties; this has {len(properties):,}.",
        )
    if kind in ("page", "screen"):
        properties |= {key: raw[key] for key in ("name", "category") if isinstance(raw.get(key), str)}
    if kind == "alias":
        properties["previousId"] = id_in(raw, "previousId")
    context = {key: value for key, value in _mapping(raw, "context").items() if key not in ("groupId", "library")}
    return properties | {"$context": context} if context else properties


def _mapping(raw: dict[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Rejection("wrong_type", f"`{key}` is an object, not {_kind(value)}.")
    return value


def _name(raw: dict[str, Any]) -> str:
    name = raw.get("event")
    if not isinstance(name, str) or not name.strip():
        raise Rejection("empty_event_name", "`event`, the name of a track call, is a text that is not empty.")
    if len(name) > NAME_LENGTH:
        raise Rejection("too_long", f"`event` has at most {NAME_LENGTH} characters; this has {len(name):,}.")
    return name.strip()


def _message_id(raw: dict[str, Any]) -> str:
    value = raw.get("messageId")
    if value is None:
        return f"{MADE}{uuid.uuid4()}"
    if not isinstance(value, str) or not 0 < len(value) <= ID_LENGTH:
        raise Rejection("bad_message_id", f"`messageId` is a text of 1 to {ID_LENGTH} characters.")
    return value


def _identity(raw: dict[str, Any], kind: str) -> dict[str, str | None]:
    user_id, anonymous_id = id_in(raw, "userId"), id_in(raw, "anonymousId")
    if user_id is None and anonymous_id is None:
        raise Rejection("no_identity", "A message names a `userId`, an `anonymousId`, or both.")
    group_id = id_in(raw if kind == "group" else _mapping(raw, "context"), "groupId")
    if kind == "group" and group_id is None:
        raise Rejection("no_group", "A group call names a `groupId`.")
    previous_id = id_in(raw, "previousId") if kind == "alias" else None
    return {"user_id": user_id, "anonymous_id": anonymous_id, "group_id": group_id, "previous_id": previous_id}


def id_in(raw: Mapping[str, Any], key: str) -> str | None:
    """The id under a key, as text; None where there is none. Raises Rejection."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Rejection("bad_id", f"`{key}` is a text or a whole number, not {_kind(value)}.")
    if value.strip().lower() in RESERVED_IDS:
        raise Rejection("reserved_id", f"`{key}` is {_shown(value)}, which names nobody. Leave it out instead.")
    if len(value) > ID_LENGTH:
        raise Rejection("too_long", f"`{key}` has at most {ID_LENGTH} characters; this has {len(value):,}.")
    return value


def _occurred_at(raw: dict[str, Any], terms: Terms) -> datetime:
    value = raw.get("timestamp")
    if value is None and terms.undated is not None:
        return terms.undated
    moment = _instant(value)
    if moment > terms.now + MAX_AHEAD:
        raise Rejection("in_the_future", f"`timestamp` is more than 24 hours ahead: {_shown(value)}.")
    if terms.oldest is not None and moment < terms.oldest:
        raise Rejection("too_old", f"`timestamp` is before {terms.oldest.date()}: import what is older.")
    return moment


def _instant(value: object) -> datetime:
    expected = (
        f"`timestamp` is an ISO 8601 instant with a zone, such as 2026-04-30T09:15:00+02:00, not {_shown(value)}."
    )
    if not isinstance(value, str):
        raise Rejection("bad_timestamp", expected)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise Rejection("bad_timestamp", f"{expected} It lacks the zone.")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Rejection("bad_timestamp", expected) from None


def _kind(value: object) -> str:
    names: list[tuple[type | tuple[type, ...], str]] = [
        (type(None), "null"),
        (bool, "a boolean"),
        ((int, float, Decimal), "a number"),
        (str, "a text"),
        (list, "a list"),
    ]
    return next((name for types, name in names if isinstance(value, types)), "an object")


def _shown(value: object) -> str:
    return to_json(value)[:60] if value is not None else "missing"
