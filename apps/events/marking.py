"""Which buckets an event changes: the hours that it counts in, one marker each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from apps.engine.periods import Grain, bucket_start
from apps.events import taxonomy
from apps.workspaces.models import Workspace

# Rows made by the ORM took a third of the time of storing a batch.
APPEND = """
    INSERT INTO workspaces_marker (workspace_id, family, grain, series, version, start, events)
    SELECT %s, 'events', 'hour', * FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::int[])"""


def mark(workspace_id: int, happened: Iterable[tuple[int, datetime]]) -> None:
    """Mark the hours in which events (definition id, instant) count, for every version in use.

    Reads the version map in the caller's transaction, which must hold `taxonomy.writer_lock`.
    """
    versions = taxonomy.versions_of(Workspace.objects.only("versions").get(pk=workspace_id))
    told = Counter(happened)
    hours: dict[str, dict[datetime, datetime]] = {}
    buckets: Counter[tuple[str, int, datetime]] = Counter()
    for series, version in versions.pairs():
        meanings = taxonomy.load(workspace_id, version)
        feeders = meanings.feeders(series)
        if meanings.zone not in hours:
            hours[meanings.zone] = {at: bucket_start(at, Grain.HOUR, meanings.zone) for _, at in told}
        for (definition_id, at), times in told.items():
            if definition_id in feeders:
                buckets[series, version, hours[meanings.zone][at]] += times
    if buckets:
        rows = [(*bucket, times) for bucket, times in buckets.items()]
        with connection.cursor() as cursor:
            cursor.execute(APPEND, [workspace_id, *map(list, zip(*rows, strict=True))])
