"""Changes that reach further than their own transaction could see: a merge, an anonymous id that became a user's.

Their markers are deleted and then expanded into buckets and subjects by a transaction that begins after theirs
has committed; at ingest they would miss events that were not committed yet (DESIGN section 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.audience import groups
from apps.audience.marking import mark_ordinals
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.events import hours, taxonomy
from apps.rollups.build.content import CAUSES, Bucket
from apps.workspaces.models import Marker, Workspace

BATCH = 500
MERGED, ANONYMOUS = "merged", "anonymous"

TAKE = """
    DELETE FROM workspaces_marker WHERE id IN (
        SELECT id FROM workspaces_marker WHERE workspace_id = %s AND family = %s AND start IS NULL
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING series, subject, key, since"""


@transaction.atomic
def expand(workspace_id: int) -> int:
    """Turn the oldest causes of a workspace into markers of what they reach; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [workspace_id, CAUSES, BATCH])
        causes = cursor.fetchall()
    if not causes:
        return 0
    since = min(cause[3] for cause in causes)
    merged = sorted({subject for series, subject, _, _ in causes if series == MERGED})
    anonymous = sorted({key for series, _, key, _ in causes if series == ANONYMOUS})
    visits = [*anonymous, *groups.anonymous_ids(workspace_id, merged)]
    mark_ordinals(workspace_id, Space.USER, groups.identified(workspace_id, anonymous), since)
    mark_hours(workspace_id, groups.merged_away(workspace_id, merged), visits, since)
    return len(causes)


def mark_hours(workspace_id: int, users: Sequence[int], visits: Sequence[str], since: datetime) -> None:
    """Mark the hours of every series in which these users, or these anonymous ids, did something."""
    workspace = Workspace.objects.only("versions").get(pk=workspace_id)
    for series, version in sorted(taxonomy.versions_of(workspace).pairs()):
        if series in taxonomy.SERIES:
            starts = hours.of(workspace_id, taxonomy.load(workspace_id, version), series, (users, visits))
            buckets = [Bucket(workspace_id, series, version, Grain.HOUR, start) for start in sorted(starts)]
            Marker.objects.bulk_create((bucket.marker(1, since) for bucket in buckets), batch_size=5000)
