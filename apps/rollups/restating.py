"""What was known otherwise once: days that changed when they had long been over (KPIS.md G2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.engine.periods import Grain, Span, bucket_end
from apps.events.taxonomy import load
from apps.rollups.build.content import Bucket
from apps.rollups.reach import Place, Stored, joined

# What comes in within a day after a period is not late, nor is the history that a workspace begins with.
LATE = timedelta(days=1)

NOTE = """
    INSERT INTO rollups_restatement (workspace_id, series, version, start, at)
    SELECT workspace.id, %(series)s, %(version)s, day.start, now()
    FROM workspaces_workspace AS workspace,
        unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS day (start, stop)
    WHERE workspace.id = %(workspace)s AND greatest(day.stop, workspace.created_at) + %(late)s::interval <= now()
    ORDER BY day.start
    ON CONFLICT (workspace_id, series, version, start) DO UPDATE SET at = excluded.at"""
# A meaning that came later than that restates whatever it is the meaning of (KPIS.md G18).
READ = """
    WITH span AS MATERIALIZED (
        SELECT * FROM unnest(
            %(series)s::text[], %(versions)s::int[], %(starts)s::timestamptz[], %(stops)s::timestamptz[]
        ) AS span (series, version, start, stop)
    )
    SELECT span.series, day.start, day.at
    FROM span CROSS JOIN LATERAL (
        SELECT start, at FROM rollups_restatement
        WHERE workspace_id = %(workspace)s AND series = span.series AND version = span.version
          AND start >= span.start AND start < span.stop
        OFFSET 0
    ) AS day
    UNION ALL
    SELECT DISTINCT span.series, NULL::timestamptz, meaning.created_at
    FROM span JOIN events_taxonomyversion AS meaning
      ON meaning.workspace_id = %(workspace)s AND meaning.version = span.version
    JOIN workspaces_workspace AS workspace ON workspace.id = meaning.workspace_id
    WHERE meaning.created_at >= workspace.created_at + %(late)s::interval"""


def note(changed: Sequence[Bucket]) -> None:
    """Note which of some days, all of one series and version, say something else now, though long over."""
    days = sorted(bucket for bucket in changed if bucket.grain is Grain.DAY)
    if not days:
        return
    first = days[0]
    zone = load(first.workspace_id, first.version).zone
    with connection.cursor() as cursor:
        cursor.execute(
            NOTE,
            {
                "workspace": first.workspace_id,
                "series": first.series,
                "version": first.version,
                "starts": [day.start for day in days],
                "ends": [bucket_end(day.start, Grain.DAY, zone) for day in days],
                "late": str(LATE),
            },
        )


@dataclass(frozen=True, slots=True)
class Restated:
    """By series the days that changed late, and when each did so last; None is every day."""

    days: Mapping[str, Sequence[tuple[datetime | None, datetime]]]

    def has(self, watched: Iterable[tuple[str, Span]], end: datetime) -> bool:
        """Whether some days changed after a period that ended then was settled."""
        return any(
            (start is None or span.start <= start < span.end) and at >= end + LATE
            for series, span in watched
            if span.grain is Grain.DAY
            for start, at in self.days.get(series, ())
        )


def read(place: Place, needs: Iterable[Stored]) -> Restated:
    """What changed late of the days that needs are made of, in one statement."""
    watched = [(need.series, span) for need in needs for span in place.watched(need) if span.grain is Grain.DAY]
    spans = joined(watched)
    days = defaultdict[str, list[tuple[datetime | None, datetime]]](list)
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "workspace": place.workspace_id,
                "series": [series for series, _ in spans],
                "versions": [place.version(series) for series, _ in spans],
                "starts": [span.start for _, span in spans],
                "stops": [span.end for _, span in spans],
                "late": str(LATE),
            },
        )
        for series, start, at in cursor.fetchall():
            days[series].append((start, at))
    return Restated(days)
