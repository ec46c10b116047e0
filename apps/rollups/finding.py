"""Which rows answer a set of needs, and what waits behind them: one statement, hence one snapshot."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db import connection

from apps.engine.definitions import Where
from apps.engine.expressions import AnyNeed, EntryNeed, Need, StateNeed
from apps.engine.periods import Grain, Span, bucket_start, cover, day_start, days_later
from apps.engine.sets import Members, Space
from apps.events import taxonomy
from apps.rollups.build.content import version_key

BEGINNING = datetime.min.replace(tzinfo=UTC)

# One statement, hence one snapshot: the rows, what waits behind them, and who is never counted.
FIND = """
    WITH span AS (
        SELECT * FROM unnest(%(purposes)s::text[], %(series)s::text[], %(versions)s::int[], %(grains)s::text[],
                             %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            AS span (purpose, series, version, grain, start, stop)
    ), standing AS (
        SELECT * FROM unnest(%(states)s::text[], %(state_versions)s::int[], %(state_stops)s::timestamptz[])
            AS standing (series, version, stop)
    )
    SELECT 'row', row.id, row.series, row.grain, row.start, NULL::timestamptz, NULL::timestamptz, row.facets,
           row.checksum
    FROM span CROSS JOIN LATERAL (
        SELECT id, series, grain, start, facets, checksum FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND series = span.series AND version = span.version
          AND grain = span.grain AND start >= span.start AND start < span.stop AND closed_xid IS NULL
        OFFSET 0
    ) AS row
    WHERE span.purpose = 'read'
    UNION ALL
    SELECT 'state', NULL, standing.series, NULL, NULL, standing.stop, NULL,
           -- One text for all rows: a column of instants took longer to read than everything else.
           jsonb_agg(jsonb_build_array(row.id, row.grain, extract(epoch FROM row.start)::bigint, row.facets,
                                       row.checksum)), NULL
    FROM standing CROSS JOIN LATERAL (
        SELECT max(start) AS start FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND series = standing.series AND version = standing.version
          AND grain = 'month' AND start <= standing.stop AND closed_xid IS NULL
    ) AS month CROSS JOIN LATERAL (
        SELECT id, grain, start, facets, checksum FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND series = standing.series AND version = standing.version
          AND grain = 'month' AND start = month.start AND closed_xid IS NULL
        UNION ALL
        SELECT id, grain, start, facets, checksum FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND series = standing.series AND version = standing.version
          AND grain = 'day' AND start >= coalesce(month.start, '-infinity') AND start < standing.stop
          AND closed_xid IS NULL
        OFFSET 0
    ) AS row
    GROUP BY standing.series, standing.stop
    UNION ALL
    SELECT 'waiting', sum(marker.events), span.series, span.grain, span.start, span.stop, min(marker.since),
           NULL, NULL
    FROM span CROSS JOIN LATERAL (
        SELECT events, since FROM workspaces_marker
        WHERE workspace_id = %(workspace)s AND series = span.series AND version = span.version
          AND grain = span.grain AND start >= span.start AND start < span.stop
        OFFSET 0
    ) AS marker
    WHERE span.purpose = 'watch'
    GROUP BY span.series, span.grain, span.start, span.stop
    UNION ALL
    SELECT 'people', sum(events), NULL, NULL, NULL, NULL, min(since), NULL, NULL FROM workspaces_marker
    WHERE workspace_id = %(workspace)s AND start IS NULL
    UNION ALL
    SELECT 'begun', NULL, NULL, NULL, min(start), NULL, NULL, NULL, NULL FROM rollups_rollup
    WHERE workspace_id = %(workspace)s AND series = 'ACTIVITY' AND version = %(activity)s
      AND grain = 'day' AND closed_xid IS NULL
    UNION ALL
    SELECT DISTINCT 'internal', counts_as, 'user', NULL, NULL::timestamptz,
           NULL::timestamptz, NULL::timestamptz, NULL::jsonb, NULL::uuid
    FROM audience_productuser WHERE workspace_id = %(workspace)s AND is_internal
    UNION ALL
    SELECT DISTINCT 'internal', counts_as, 'account', NULL, NULL::timestamptz,
           NULL::timestamptz, NULL::timestamptz, NULL::jsonb, NULL::uuid
    FROM audience_account WHERE workspace_id = %(workspace)s AND is_internal
    UNION ALL
    SELECT DISTINCT 'erased', counts_as, 'user', NULL, NULL::timestamptz,
           NULL::timestamptz, NULL::timestamptz, NULL::jsonb, NULL::uuid
    FROM audience_productuser WHERE workspace_id = %(workspace)s AND erased_at IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Row:
    """A rollup row in reach of a question, without its bytes."""

    pk: int
    series: str
    grain: str
    start: datetime
    facets: Mapping[str, str | None]
    checksum: uuid.UUID

    @property
    def name(self) -> str:
        """What it says and where, without its id: ids are drawn for all tenants together."""
        facets = "".join(f" {facet}={value or ''}" for facet, value in sorted(self.facets.items()))
        return f"{self.series}{facets} {self.grain} {self.start:%Y-%m-%dT%H:%MZ} {self.checksum.hex[:12]}"

    def meets(self, condition: Where) -> bool:
        return all(self.facets.get(facet) in allowed for facet, allowed in condition)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What came in but is in no row yet: how many events, and since when (None: nothing waits)."""

    events: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement returned.

    `rows` by series and grain, in order of time; `states` by series and the instant at which the day asked
    about is over: the rows to replay. `people` is what waits to be said of users and accounts. `begun` is the
    first day of any activity.
    """

    rows: Mapping[tuple[str, str], Sequence[Row]]
    states: Mapping[tuple[str, datetime], Sequence[Row]]
    waiting: Mapping[tuple[str, Span], Waiting]
    people: Waiting
    begun: datetime | None
    internal: Mapping[Space, Members]
    erased: Members


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace's answers are read: the version of each series, and the zone of its buckets."""

    workspace_id: int
    versions: Mapping[str, int]

    def version(self, series: str) -> int:
        """The version of a series that answers are read from."""
        return self.versions[version_key(series)]

    def zone(self, series: str) -> str:
        """The zone of its buckets."""
        return taxonomy.load(self.workspace_id, self.version(series)).zone

    def day_end(self, need: StateNeed) -> datetime:
        """The instant at which the day of a need is over."""
        return day_start(days_later(need.day, 1), self.zone(need.series))

    def spans(self, need: Need | EntryNeed) -> list[Span]:
        """The buckets that make up a need."""
        zone = self.zone(need.series)
        if isinstance(need, Need):
            return cover(need.start, need.end, zone)
        return [Span(Grain.DAY, day_start(need.first, zone), day_start(days_later(need.last, 1), zone))]

    def watched(self, need: Need | EntryNeed | StateNeed) -> list[Span]:
        """Where markers would lie that may change one of a need's rows."""
        if isinstance(need, StateNeed):
            return [Span(grain, BEGINNING, self.day_end(need)) for grain in (Grain.DAY, Grain.MONTH)]
        spans, zone = self.spans(need), self.zone(need.series)
        stored = (Grain.HOUR, Grain.DAY, Grain.MONTH)
        return [Span(grain, bucket_start(spans[0].start, grain, zone), spans[-1].end) for grain in stored]


Stored: TypeAlias = Need | EntryNeed | StateNeed


def find(place: Place, needs: Iterable[AnyNeed]) -> Found:
    """Look for the rows of needs."""
    stored = [need for need in needs if isinstance(need, Need | EntryNeed | StateNeed)]
    states = {
        (need.series, place.version(need.series), place.day_end(need))
        for need in stored
        if isinstance(need, StateNeed)
    }
    spans = {
        (purpose, need.series, place.version(need.series), span.grain.value, span.start, span.end)
        for need in stored
        for purpose, span in _spans(place, need)
    }
    named: dict[str, Any] = {
        "workspace": place.workspace_id,
        "activity": place.version(taxonomy.ACTIVITY.name),
        **_columns(("purposes", "series", "versions", "grains", "starts", "ends"), spans),
        **_columns(("states", "state_versions", "state_stops"), states),
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND, named)
        return _found(cursor.fetchall())


def _spans(place: Place, need: Stored) -> list[tuple[str, Span]]:
    read = [] if isinstance(need, StateNeed) else [("read", span) for span in place.spans(need)]
    return read + [("watch", span) for span in place.watched(need)]


def _columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _state_row(  # noqa: PLR0913, PLR0917 - the columns of a row
    series: str, pk: int, grain: str, epoch: int, facets: Mapping[str, str | None], checksum: str
) -> Row:
    return Row(pk, series, grain, datetime.fromtimestamp(epoch, UTC), facets, uuid.UUID(checksum))


def _found(found: Iterable[tuple[Any, ...]]) -> Found:
    told: dict[str, list[int]] = defaultdict(list)
    rows: dict[tuple[str, str], dict[int, Row]] = defaultdict(dict)
    states: dict[tuple[str, datetime], list[Row]] = {}
    waiting: dict[tuple[str, Span], Waiting] = {}
    begun, people = None, Waiting(0, None)
    for what, number, name, grain, at, until, since, facets, checksum in found:
        if what == "row":
            rows[name, grain][number] = Row(number, name, grain, at, json.loads(facets), checksum)
        elif what == "state":
            states[name, until] = [_state_row(name, *row) for row in json.loads(facets)]
        elif what == "waiting":
            waiting[name, Span(Grain(grain), at, until)] = Waiting(number, since)
        elif what == "people":
            people = Waiting(number or 0, since)
        elif what == "begun":
            begun = at
        else:
            told[f"{what} {name}"].append(number)
    return Found(
        rows={place: sorted(some.values(), key=lambda row: row.start) for place, some in rows.items()},
        states=states,
        waiting=waiting,
        people=people,
        begun=begun,
        internal={space: Members.of(space, told[f"internal {space}"]) for space in Space},
        erased=Members.of(Space.USER, told["erased user"]),
    )
