"""Days from hours, months from days: a composed bucket is built like any other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, bucket_end, bucket_start
from apps.engine.sets import Members
from apps.events.taxonomy import SERIES, load
from apps.rollups.build.content import Bucket, Built, Content, Facets, is_state, stored_facets

PARENTS = {Grain.HOUR: Grain.DAY, Grain.DAY: Grain.MONTH}
PARTS = {parent: part for part, parent in PARENTS.items()}

READ = """
    SELECT bucket.start, part.facets, part.members, part.numbers
    FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS bucket (start, stop)
    CROSS JOIN LATERAL (
        SELECT facets, members, numbers FROM rollups_rollup
        WHERE workspace_id = %s AND series = %s AND version = %s AND grain = %s
          AND start >= bucket.start AND start < bucket.stop AND closed_xid IS NULL
        -- Keeps the planner from comparing every row with every bucket.
        OFFSET 0
    ) AS part"""


def composed(buckets: Sequence[Bucket]) -> Built:
    """What the stored parts of these days or months, all of one series and grain, say together."""
    first = buckets[0]
    zone = load(first.workspace_id, first.version).zone
    starts = [bucket.start for bucket in buckets]
    stops = [bucket_end(start, first.grain, zone) for start in starts]
    with connection.cursor() as cursor:
        cursor.execute(
            READ, [starts, stops, first.workspace_id, first.series, first.version, PARTS[first.grain].value]
        )
        found = cursor.fetchall()
    parts: dict[datetime, dict[Facets, list[Content]]] = defaultdict(lambda: defaultdict(list))
    for start, facets, members, numbers in found:
        parts[start][stored_facets(facets)].append(Content.stored(members, numbers))
    return {
        start: {facets: _together(first.series, contents) for facets, contents in rows.items()}
        for start, rows in parts.items()
    }


def parent(bucket: Bucket) -> Bucket | None:
    """The day of an hour, the month of a day; a month has none, nor has a state's day: it is marked by itself."""
    grain = PARENTS.get(bucket.grain)
    if grain is None or is_state(bucket.series):
        return None
    zone = load(bucket.workspace_id, bucket.version).zone
    return Bucket(
        bucket.workspace_id, bucket.series, bucket.version, grain, bucket_start(bucket.start, grain, zone)
    )


def _together(series_name: str, contents: list[Content]) -> Content:
    space = SERIES[series_name].space
    members = [Members.load(space, content.members) for content in contents]
    numbers = None
    if SERIES[series_name].counts:
        columns = zip(members, contents, strict=True)
        numbers = Numbers.total(Numbers.load(space, who, content.numbers or b"") for who, content in columns)
    return Content.of(Members.union(space, members), numbers)
