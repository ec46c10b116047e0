"""The taxonomy as people read it, and what happened, event by event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.events.models import Event, EventDefinition, ShareType

SHARE, MESSAGE = "share.created", "referral_message.sent"

# Each definition by itself, by its index: of rare ones the planner hopes to meet one soon among all events.
PAGE = """
    SELECT event.id FROM events_eventdefinition AS definition CROSS JOIN LATERAL (
        SELECT id, occurred_at, message_key FROM events_event
        WHERE definition_id = definition.id AND occurred_at >= %(start)s AND occurred_at < %(stop)s
          AND (%(at)s::timestamptz IS NULL OR (occurred_at, message_key) < (%(at)s, %(key)s::uuid))
        ORDER BY occurred_at DESC, message_key DESC LIMIT %(limit)s
    ) AS event
    WHERE definition.workspace_id = %(workspace)s AND definition.is_planned
      AND CASE WHEN %(kind)s::text IS NULL THEN definition.is_activity ELSE definition.kind = %(kind)s END
    ORDER BY event.occurred_at DESC, event.message_key DESC LIMIT %(limit)s"""


def share_types(workspace_id: int) -> Iterable[ShareType]:
    """The share types by slug, with their kinds, in two statements."""
    return ShareType.objects.filter(workspace=workspace_id).order_by("slug").prefetch_related("kinds")


def sharing_names(workspace_id: int) -> set[tuple[str, str | None]]:
    """Every declared pair of share type and channel; a channel of None is a type without any."""
    rows = ShareType.objects.filter(workspace=workspace_id)
    return set(rows.values_list("slug", "kinds__channel"))


def definitions(
    workspace_id: int, after: str, limit: int, *, is_planned: bool | None = None
) -> Iterable[EventDefinition]:
    """At most `limit` event definitions whose names come after a name, by name."""
    rows = EventDefinition.objects.filter(workspace=workspace_id, name__gt=after).order_by("name")
    return (rows if is_planned is None else rows.filter(is_planned=is_planned))[:limit]


def planned(workspace_id: int) -> frozenset[str]:
    """The names of the planned events."""
    rows = EventDefinition.objects.filter(workspace=workspace_id, is_planned=True)
    return frozenset(rows.values_list("name", flat=True))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a list of events, the newest first, one of them stands."""

    at: datetime
    key: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Events of a kind, or without one whatever is activity, from `start` until before `stop`."""

    workspace_id: int
    kind: str | None
    start: datetime
    stop: datetime

    def page(self, after: Spot | None, limit: int) -> list[Event]:
        """At most `limit` of them behind a spot, the newest first, in two statements."""
        where: dict[str, Any] = {
            "workspace": self.workspace_id,
            "kind": self.kind,
            "start": self.start,
            "stop": self.stop,
            "at": after and after.at,
            "key": after and after.key,
            "limit": limit,
        }
        with connection.cursor() as cursor:
            cursor.execute(PAGE, where)
            ids = [pk for (pk,) in cursor.fetchall()]
        rows = Event.objects.filter(workspace=self.workspace_id, pk__in=ids).select_related("definition", "user")
        return list(rows.order_by("-occurred_at", "-message_key"))


def said(event: Event, column: str) -> str | None:
    """What an event says in a column, as its definition stands: a fixed value, another property, or its own."""
    definition = event.definition
    if column in definition.constants:
        return str(definition.constants[column])
    if column in definition.columns:
        value = event.properties.get(definition.columns[column])
        return value if isinstance(value, str) and value else None
    own: str | None = getattr(event, column)
    return own
