"""How far a workspace's rollups have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, Sum

from apps.rollups import queue
from apps.workspaces.models import Marker


@dataclass(frozen=True, slots=True)
class Freshness:
    """Everything that came in before `rolled_up_to` is counted; `pending_events` wait in `pending_buckets`.

    An event that feeds two series waits twice.
    """

    rolled_up_to: datetime
    pending_buckets: int
    pending_events: int


def freshness(workspace_id: int, now: datetime) -> Freshness:
    """How fresh the answers of a workspace are at `now`, in two statements."""
    waiting = Marker.objects.filter(workspace=workspace_id).aggregate(since=Min("since"), events=Sum("events"))
    return Freshness(waiting["since"] or now, queue.pending(workspace_id), waiting["events"] or 0)
