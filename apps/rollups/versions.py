"""From one meaning to the next: build the new version beside the old one, then switch at once (KPIS.md G18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import now

from apps.engine.periods import Grain, bucket_end, bucket_start
from apps.events import taxonomy
from apps.events.taxonomy import Taxonomy
from apps.rollups.build.content import Bucket
from apps.workspaces.models import Marker, Workspace

STEP = timedelta(minutes=15)


def advance(workspace_id: int) -> bool:
    """Take the next step of a version change, if one is under way: mark all buckets, or switch.

    Returns whether a step was taken. The switch is one UPDATE of the version map, so that no month and no
    ratio ever mixes two meanings.
    """
    if not Workspace.objects.get(pk=workspace_id).versions["building"]:
        return False
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        building = taxonomy.versions_of(workspace).building
        if not building:
            return False
        if not workspace.versions["marked"]:
            for series, version in building.items():
                _mark_all(workspace_id, series, version)
            workspace.versions["marked"] = True
        elif _is_pending(workspace_id, building):
            return False
        else:
            current = workspace.versions["current"] | building
            workspace.versions = {"current": current, "building": {}, "marked": True}
        workspace.save(update_fields=["versions"])
    return True


def _is_pending(workspace_id: int, building: Mapping[str, int]) -> bool:
    waiting = Marker.objects.filter(workspace=workspace_id, version__in=set(building.values()))
    return waiting.filter(series__in=building.keys()).exists()


def _mark_all(workspace_id: int, series: str, version: int) -> None:
    """Mark every hour that has an event which feeds the series under this version."""
    meanings = taxonomy.load(workspace_id, version)
    starts = {
        start
        for step in _steps_with_events(workspace_id, meanings, series)
        for start in _hours(step, meanings.zone)
    }
    buckets = [Bucket(workspace_id, series, version, Grain.HOUR, start) for start in sorted(starts)]
    at = now()
    Marker.objects.bulk_create((bucket.marker(0, at) for bucket in buckets), batch_size=5000)


def _steps_with_events(workspace_id: int, meanings: Taxonomy, series: str) -> list[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT date_bin(%s::interval, occurred_at, 'epoch') FROM events_event"
            " WHERE workspace_id = %s AND user_id IS NOT NULL AND definition_id = ANY(%s)",
            [str(STEP), workspace_id, list(meanings.feeders(series))],
        )
        return [step for (step,) in cursor.fetchall()]


def _hours(step: datetime, zone: str) -> Iterator[datetime]:
    """The hour buckets that a quarter of an hour touches: one, but for zones that change in its middle."""
    start = bucket_start(step, Grain.HOUR, zone)
    while start < step + STEP:
        yield start
        start = bucket_end(start, Grain.HOUR, zone)
