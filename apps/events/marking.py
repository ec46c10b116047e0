"""Which buckets an event changes: the hours that it counts in, one marker each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from apps.engine.periods import Grain, bucket_start
from apps.events import taxonomy
from apps.workspaces.models import Marker, Workspace


def mark(workspace_id: int, happened: Iterable[tuple[int, datetime]]) -> None:
    """Mark the hours in which events (definition id, instant) count, for every version in use.

    Reads the version map in the caller's transaction, which must hold `taxonomy.writer_lock`.
    """
    versions = taxonomy.versions_of(Workspace.objects.only("versions").get(pk=workspace_id))
    told = Counter(happened)
    buckets: Counter[tuple[str, int, datetime]] = Counter()
    for series, version in versions.pairs():
        meanings = taxonomy.load(workspace_id, version)
        feeders = meanings.feeders(series)
        for (definition_id, at), times in told.items():
            if definition_id in feeders:
                buckets[series, version, bucket_start(at, Grain.HOUR, meanings.zone)] += times
    Marker.objects.bulk_create(
        Marker(
            workspace_id=workspace_id,
            family="events",
            series=series,
            version=version,
            grain=Grain.HOUR,
            start=start,
            events=times,
        )
        for (series, version, start), times in buckets.items()
    )
