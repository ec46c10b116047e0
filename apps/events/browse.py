"""The taxonomy as people read it: what is planned, what was seen, how one can share."""

from __future__ import annotations

from collections.abc import Iterable

from apps.events.models import EventDefinition, ShareType


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
