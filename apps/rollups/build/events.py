"""The events family: an hour's rows, from the raw events of that hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, bucket_end
from apps.engine.sets import Members
from apps.events.models import FACET_LENGTH
from apps.events.taxonomy import SERIES, Meaning, load
from apps.rollups.build.content import Bucket, Built, Content, Facets

# A share that failed or was a mistake never counts; one that is retracted later still does (KPIS.md A).
VALID = {
    "share.created": "event.is_error IS NOT TRUE AND coalesce(event.status, '') NOT IN ('failed', 'cancelled')"
}


def hours(buckets: Sequence[Bucket]) -> Built:
    """What the raw events say of these hours, all of one workspace, series and version."""
    first = buckets[0]
    series, taxonomy = SERIES[first.series], load(first.workspace_id, first.version)
    feeders = taxonomy.feeders(first.series)
    facets = [_facet(facet, feeders) for facet in series.facets]
    statement = f"""
        SELECT bucket.start, event.ordinal, count(*){"".join(f", {sql}" for sql, _ in facets)}
        FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS bucket (start, stop)
        CROSS JOIN LATERAL (
            SELECT event.*, uid.ordinal
            FROM events_event AS event JOIN audience_productuser AS uid ON uid.id = event.user_id
            WHERE event.workspace_id = %s AND event.definition_id = ANY(%s)
              AND event.occurred_at >= bucket.start AND event.occurred_at < bucket.stop
              AND {VALID.get(first.series, "true")}
            -- Keeps the planner from reading the workspace once and comparing every event with every bucket.
            OFFSET 0
        ) AS event
        GROUP BY {", ".join(str(place) for place in (1, 2, *range(4, 4 + len(facets))))}"""
    starts = [bucket.start for bucket in buckets]
    stops = [bucket_end(start, Grain.HOUR, taxonomy.zone) for start in starts]
    parameters = [value for _, values in facets for value in values]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, starts, stops, first.workspace_id, list(feeders)])
        found = cursor.fetchall()
    return _contents(first.series, found)


def _facet(name: str, feeders: dict[int, Meaning]) -> tuple[str, list[int | str]]:
    """The SQL of one facet, with its parameters: the column of its name unless a definition says otherwise."""
    cases, parameters = list[str](), list[int | str]()
    for definition_id, meaning in feeders.items():
        if name in meaning.constants:
            cases.append("WHEN %s THEN %s")
            parameters += [definition_id, meaning.constants[name]]
        elif name in meaning.columns:
            cases.append(f"WHEN %s THEN left(nullif(event.properties ->> %s, ''), {FACET_LENGTH})")
            parameters += [definition_id, meaning.columns[name]]
    if not cases:
        return f"event.{name}", parameters
    return f"CASE event.definition_id {' '.join(cases)} ELSE event.{name} END", parameters


def _contents(series_name: str, found: Sequence[tuple[object, ...]]) -> Built:
    series = SERIES[series_name]
    times: dict[datetime, dict[Facets, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for start, ordinal, count, *values in found:
        facets = tuple(sorted(zip(series.facets, values, strict=True)))
        times[start][facets][ordinal] = count  # type: ignore[index,assignment]
    return {
        start: {facets: _content(series_name, counts) for facets, counts in rows.items()}
        for start, rows in times.items()
    }


def _content(series_name: str, counts: dict[int, int]) -> Content:
    series = SERIES[series_name]
    numbers = Numbers.of(series.space, counts) if series.counts else None
    return Content.of(Members.of(series.space, counts), numbers)
