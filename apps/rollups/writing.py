"""Rows never change: what a bucket says now either is there already, or takes the place of what was there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from apps.rollups.build.content import Bucket, Built, Content, Facets, stored_facets


def write(buckets: Sequence[Bucket], built: Built) -> list[Bucket]:
    """Close the open rows that say something else and insert what is new; return the buckets that changed."""
    wanted = {
        (bucket.start, facets): row for bucket in buckets for facets, row in built.get(bucket.start, {}).items()
    }
    stale, kept = [], set()
    for pk, start, facets, checksum in _open_rows(buckets):
        row = wanted.get((start, facets))
        if row is not None and row.checksum == checksum:
            kept.add((start, facets))
        else:
            stale.append((pk, start))
    new = {key: row for key, row in wanted.items() if key not in kept}
    _close([pk for pk, _ in stale])
    _insert(buckets[0], new)
    changed = {start for _, start in stale} | {start for start, _ in new}
    return [bucket for bucket in buckets if bucket.start in changed]


def _open_rows(buckets: Sequence[Bucket]) -> list[tuple[int, datetime, Facets, object]]:
    first = buckets[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, start, facets, checksum FROM rollups_rollup WHERE workspace_id = %s AND series = %s"
            " AND version = %s AND grain = %s AND start = ANY(%s) AND closed_xid IS NULL",
            [
                first.workspace_id,
                first.series,
                first.version,
                first.grain.value,
                [bucket.start for bucket in buckets],
            ],
        )
        return [(pk, start, stored_facets(facets), checksum) for pk, start, facets, checksum in cursor.fetchall()]


def _close(ids: Sequence[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE rollups_rollup SET closed_xid = pg_current_xact_id(), closed_at = now()"
                " WHERE id = ANY(%s)",
                [list(ids)],
            )


def _insert(like: Bucket, new: Mapping[tuple[datetime, Facets], Content]) -> None:
    if not new:
        return
    rows = [
        (start, json.dumps(dict(facets)), row.members, row.numbers, row.checksum)
        for (start, facets), row in new.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rollups_rollup"
            " (workspace_id, series, version, grain, start, facets, members, numbers, checksum)"
            " SELECT %s, %s, %s, %s, *"
            " FROM unnest(%s::timestamptz[], %s::jsonb[], %s::bytea[], %s::bytea[], %s::uuid[])",
            [
                like.workspace_id,
                like.series,
                like.version,
                like.grain.value,
                *map(list, zip(*rows, strict=True)),
            ],
        )
