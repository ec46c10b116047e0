"""Days from hours, months from days: a composed bucket is built like any other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from apps.engine.definitions import Merge
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, bucket_end, bucket_start
from apps.engine.sets import Members
from apps.events.taxonomy import SERIES, load
from apps.rollups.binary import binary_cursor
from apps.rollups.build.content import Bucket, Built, Content, Facets, merge_of, stored_facets
from apps.rollups.build.states import database_clock, months_after

WHOLES = {Grain.HOUR: Grain.DAY, Grain.DAY: Grain.MONTH}
PARTS = {whole: part for part, whole in WHOLES.items()}

READ = """
    SELECT bucket.start, part.facets::text, part.members, part.numbers
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
    with binary_cursor() as cursor:
        cursor.execute(
            READ, [starts, stops, first.workspace_id, first.series, first.version, PARTS[first.grain].value]
        )
        found = cursor.fetchall()
    parts: dict[datetime, dict[Facets, list[Content]]] = defaultdict(lambda: defaultdict(list))
    for start, facets, members, numbers in found:
        parts[start][stored_facets(facets)].append(Content(members, numbers))
    return {
        start: {facets: _together(first.series, contents) for facets, contents in rows.items()}
        for start, rows in parts.items()
    }


def wholes(parts: Sequence[Bucket]) -> list[tuple[Bucket, Bucket]]:
    """Each of these buckets, all of one series and grain, with what is composed of it.

    That is the day of an hour, the month of a day; of a state, every month that may tell who moved.
    """
    if not parts:
        return []
    first = parts[0]
    zone = load(first.workspace_id, first.version).zone
    if merge_of(first.series) is Merge.LAST:
        # What begins within the hour is marked too: nobody may have committed it before it begins.
        at = database_clock() + timedelta(hours=1)
        months = [bucket_start(part.start, Grain.MONTH, zone) for part in parts]
        # The same for all days of a month.
        after = {
            month: [
                replace(first, grain=Grain.MONTH, start=start)
                for start in months_after(replace(first, start=month), at)
            ]
            for month in set(months)
        }
        return [(part, whole) for part, month in zip(parts, months, strict=True) for whole in after[month]]
    if first.grain not in WHOLES:
        return []
    grain = WHOLES[first.grain]
    return [(part, replace(part, grain=grain, start=bucket_start(part.start, grain, zone))) for part in parts]


def _together(series_name: str, contents: list[Content]) -> Content:
    space = SERIES[series_name].space
    members = [Members.load(space, content.members) for content in contents]
    numbers = None
    if merge_of(series_name) is Merge.ADD:
        columns = zip(members, contents, strict=True)
        numbers = Numbers.total(Numbers.load(space, who, content.numbers or b"") for who, content in columns)
    return Content.of(Members.union(space, members), numbers)
