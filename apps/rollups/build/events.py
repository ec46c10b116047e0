"""The events family: an hour's rows, from the raw events of that hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.engine.definitions import Series
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, bucket_end
from apps.engine.sets import Members
from apps.events.models import FACET_LENGTH
from apps.events.taxonomy import SERIES, SHARES, Meaning, load
from apps.rollups.build.content import Bucket, Built, Content, Facets

HOURS = SQL("""
    SELECT done.start, (SELECT ordinal FROM audience_productuser WHERE id = done.user_id), done.times {names}
    FROM (
        SELECT bucket.start, event.user_id, count(*) AS times {columns}
        FROM unnest({starts}::timestamptz[], {stops}::timestamptz[]) AS bucket (start, stop)
        CROSS JOIN LATERAL (
            SELECT * FROM events_event AS event
            WHERE event.workspace_id = {workspace} AND event.definition_id = ANY({definitions})
              AND event.user_id IS NOT NULL
              AND event.occurred_at >= bucket.start AND event.occurred_at < bucket.stop
              AND {valid}
            -- Keeps the planner from reading the workspace once and comparing every event with every bucket.
            OFFSET 0
        ) AS event
        GROUP BY bucket.start, event.user_id {names}
    ) AS done""")


def hours(buckets: Sequence[Bucket]) -> Built:
    """What the raw events say of these hours, all of one workspace, series and version."""
    first = buckets[0]
    series, taxonomy = SERIES[first.series], load(first.workspace_id, first.version)
    feeders = taxonomy.feeders(first.series)
    facets = [(Identifier(f"facet_{facet}"), _column(facet, feeders)) for facet in series.facets]
    starts = [bucket.start for bucket in buckets]
    statement = HOURS.format(
        names=SQL("").join(SQL(", {}").format(name) for name, _ in facets),
        columns=SQL("").join(SQL(", {} AS {}").format(column, name) for name, column in facets),
        starts=Literal(starts),
        stops=Literal([bucket_end(start, Grain.HOUR, taxonomy.zone) for start in starts]),
        workspace=Literal(first.workspace_id),
        definitions=Literal(list(feeders)),
        valid=_valid(first.series, feeders),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchall()
    return _contents(series, found)


def _valid(series: str, feeders: Mapping[int, Meaning]) -> Composable:
    """A share that failed or was a mistake never counts; one that is retracted later still does (KPIS.md A)."""
    if series != SHARES.name:
        return SQL("true")
    status = _column("status", feeders)
    return SQL("event.is_error IS NOT TRUE AND coalesce({}, '') NOT IN ('failed', 'cancelled')").format(status)


def _column(name: str, feeders: Mapping[int, Meaning]) -> Composable:
    """What fills a column: the event's column of that name, unless a definition says otherwise."""
    cases = [case for pk, meaning in feeders.items() if (case := _case(name, pk, meaning)) is not None]
    plain = Identifier("event", name)
    if not cases:
        return plain
    return SQL("CASE event.definition_id {} ELSE {} END").format(SQL(" ").join(cases), plain)


def _case(name: str, definition_id: int, meaning: Meaning) -> Composable | None:
    if name in meaning.constants:
        return SQL("WHEN {} THEN {}").format(Literal(definition_id), Literal(meaning.constants[name]))
    if name in meaning.columns:
        text = SQL("left(nullif(event.properties ->> {}, ''), {})").format(
            Literal(meaning.columns[name]), Literal(FACET_LENGTH)
        )
        return SQL("WHEN {} THEN {}").format(Literal(definition_id), text)
    return None


def _contents(series: Series, found: Sequence[tuple[Any, ...]]) -> Built:
    times: dict[datetime, dict[Facets, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for start, ordinal, count, *values in found:
        times[start][tuple(sorted(zip(series.facets, values, strict=True)))][ordinal] = count
    return {
        start: {facets: _content(series, counts) for facets, counts in rows.items()}
        for start, rows in times.items()
    }


def _content(series: Series, counts: dict[int, int]) -> Content:
    numbers = Numbers.of(series.space, counts) if series.counts else None
    return Content.of(Members.of(series.space, counts), numbers)
