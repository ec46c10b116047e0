"""Messages as rows of the Event table: which property fills which column, and one statement that inserts them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.audience.merging import Merge
from apps.audience.models import ID_LENGTH
from apps.events.claims import Claims
from apps.events.messages import Message
from apps.events.models import FACET_LENGTH
from apps.workspaces.exactjson import to_json

logger = logging.getLogger(__name__)

# Each is filled from the property of its name.
TEXT_COLUMNS = (
    *("share_type", "share_scope", "channel", "source_channel", "object_type", "feature", "status"),
    *("template", "prompt", "placement", "variant", "platform", "kind", "campaign"),
)
# What one share, message or impression is known by, and what later events name it by: the first that is given.
LINKS = ("impression", "message_id", "message", "action_id")
# What else a message or a referral may name, such as the prompt before it, is not what they have in common.
LINKS_OF = {
    "referral_message.sent": ("message_id",),
    "referral.attributed": ("message",),
    "referral.rejected": ("message",),
}
SESSIONS = ("session", "session_id")
# The columns of an event in which a correction may put something else.
CORRECTABLE = (*TEXT_COLUMNS, "is_error", "customized", "viewable")

COLUMNS = {
    "definition_id": "bigint",
    "source": "text",
    "occurred_at": "timestamptz",
    "message_key": "uuid",
    "action_key": "uuid",
    "corrects": "uuid",
    "voids": "boolean",
    "body_digest": "bigint",
    "user_id": "bigint",
    "account_id": "bigint",
    "referred_id": "bigint",
    "referrer": "text",
    "anonymous_id": "text",
    "session": "text",
    "link": "text",
    **dict.fromkeys(TEXT_COLUMNS, "text"),
    "is_error": "boolean",
    "customized": "boolean",
    "viewable": "boolean",
    "properties": "jsonb",
}
NAMES = ", ".join(COLUMNS)
INSERT = (
    f"INSERT INTO events_event (workspace_id, received_at, {NAMES}) SELECT %s, %s, {NAMES}"
    # One JSON text for all rows: arrays of parameters took three times as long to write.
    f" FROM json_to_recordset(%s) AS draft ({', '.join(map(' '.join, COLUMNS.items()))})"
    # No target: a share's action id is a second unique key.
    " ON CONFLICT DO NOTHING RETURNING message_key"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message with everything that its row needs, its place in the batch, and what it says beside that."""

    place: int
    message: Message
    claims: Claims
    definition_id: int
    kind: str
    source: str
    key: uuid.UUID
    action_key: uuid.UUID | None
    corrects: uuid.UUID | None
    user_id: int | None
    account_id: int | None
    referred_id: int | None
    users: Merge | None
    accounts: Merge | None

    @property
    def ids(self) -> set[uuid.UUID]:
        """What no other row may have: the message's key, and that of the action it tells of."""
        return {self.key} if self.action_key is None else {self.key, self.action_key}

    @property
    def keys(self) -> Mapping[str, str | None]:
        """By what it is one of several: the session that it happened in, and, as link, what the share, the message
        or the impression is known by that it is, or is about."""
        properties = self.message.properties
        return {
            "session": _first_text(properties, SESSIONS, ID_LENGTH) or _context_session(properties),
            "link": _first_text(properties, LINKS_OF.get(self.kind, LINKS), ID_LENGTH),
        }

    def values(self) -> tuple[Any, ...]:
        """One value a column of COLUMNS, in its order."""
        message, properties = self.message, self.message.properties
        return (
            self.definition_id,
            self.source,
            message.occurred_at.isoformat(),
            str(self.key),
            str(self.action_key) if self.action_key else None,
            str(self.corrects) if self.corrects else None,
            self.claims.voids or None,
            message.body_digest,
            self.user_id,
            self.account_id,
            self.referred_id,
            self.claims.referrer,
            message.anonymous_id,
            *self.keys.values(),
            *(_text(properties, name, FACET_LENGTH) for name in TEXT_COLUMNS),
            _flag(properties, "is_error"),
            _flag(properties, "message_customized"),
            _flag(properties, "viewable"),
            properties,
        )


def insert(workspace_id: int, received_at: datetime, drafts: Sequence[Draft]) -> list[Draft]:
    """Insert the drafts, given in order of arrival, whose message id and action id are new; return those.

    Of two drafts with one id the first counts, unless it is a duplicate of what was stored before: that one
    holds no id, so where a batch has an id twice, the stored ids are looked up first.
    """
    if not drafts:
        return []
    firsts = _firsts(drafts)
    with connection.cursor() as cursor:
        if len(firsts) < len(drafts):
            stored = _stored_ids(cursor, workspace_id, drafts)
            firsts = _firsts([draft for draft in drafts if not draft.ids & stored])
        # In the order of their keys: overlapping batches would deadlock otherwise.
        firsts.sort(key=lambda draft: draft.key)
        records = to_json([dict(zip(COLUMNS, draft.values(), strict=True)) for draft in firsts])
        cursor.execute(INSERT, [workspace_id, received_at, records])
        keys = {key for (key,) in cursor.fetchall()}
        new = [draft for draft in firsts if draft.key in keys]
        _log_conflicts(cursor, workspace_id, [draft for draft in drafts if draft.key not in keys])
    return new


def remove(workspace_id: int, stored: Sequence[Draft]) -> None:
    """Take back what was inserted in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM events_event WHERE message_key = ANY(%s) AND workspace_id = %s",
            [[draft.key for draft in stored], workspace_id],
        )


def _firsts(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that share no id with one before them that is among them."""
    firsts, seen = list[Draft](), set[uuid.UUID]()
    for draft in drafts:
        if not draft.ids & seen:
            firsts.append(draft)
            seen |= draft.ids
    return firsts


def _stored_ids(cursor: Any, workspace_id: int, drafts: Sequence[Draft]) -> set[uuid.UUID]:
    ids = list({key for draft in drafts for key in draft.ids})
    cursor.execute(
        "SELECT message_key FROM events_event WHERE message_key = ANY(%(ids)s) AND workspace_id = %(workspace)s"
        " UNION ALL"
        " SELECT action_key FROM events_event WHERE action_key = ANY(%(ids)s) AND workspace_id = %(workspace)s",
        {"ids": ids, "workspace": workspace_id},
    )
    return {key for (key,) in cursor.fetchall()}


def _log_conflicts(cursor: Any, workspace_id: int, repeated: list[Draft]) -> None:
    """Say which message ids came again with another body: the first one wins (KPIS.md G19)."""
    if not repeated:
        return
    cursor.execute(
        "SELECT message_key, body_digest FROM events_event WHERE workspace_id = %s AND message_key = ANY(%s)",
        [workspace_id, [draft.key for draft in repeated]],
    )
    digests = dict(cursor.fetchall())
    for draft in repeated:
        if digests.get(draft.key, draft.message.body_digest) != draft.message.body_digest:
            logger.warning(
                "message %r came again with another body; the first one counts", draft.message.message_id
            )


def _text(properties: Mapping[str, Any], name: str, length: int) -> str | None:
    value = properties.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= length else None


def _first_text(properties: Mapping[str, Any], names: Sequence[str], length: int) -> str | None:
    return next((text for name in names if (text := _text(properties, name, length))), None)


def _context_session(properties: Mapping[str, Any]) -> str | None:
    context = properties.get("$context", {})
    return _text(context, "sessionId", ID_LENGTH) if isinstance(context, dict) else None


def _flag(properties: Mapping[str, Any], name: str) -> bool | None:
    value = properties.get(name)
    return value if isinstance(value, bool) else None
