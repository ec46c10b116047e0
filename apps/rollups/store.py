"""Rollups as facts for the engine: one statement finds the rows, one fetches the bytes not held yet."""

from __future__ import annotations

import json
import uuid
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.engine.definitions import Registry, Where
from apps.engine.expressions import Need
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, Span, bucket_start, cover
from apps.engine.sets import Members, Space
from apps.events import taxonomy
from apps.rollups.build.content import Content
from apps.rollups.cache import CACHE, Held
from apps.workspaces.models import Workspace

# What a held row takes in memory beside its bytes, measured on rows of one person.
OBJECTS = 700

# One statement, hence one snapshot: the rows, what waits behind them, and who is never counted.
FIND = """
    WITH span AS (
        SELECT * FROM unnest(%(purposes)s::text[], %(series)s::text[], %(versions)s::int[], %(grains)s::text[],
                             %(starts)s::timestamptz[], %(ends)s::timestamptz[])
            AS span (purpose, series, version, grain, start, stop)
    )
    SELECT 'row', row.id, row.series, row.grain, row.start, NULL, NULL, row.facets, row.checksum
    FROM span CROSS JOIN LATERAL (
        SELECT id, series, grain, start, facets, checksum FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND series = span.series AND version = span.version
          AND grain = span.grain AND start >= span.start AND start < span.stop AND closed_xid IS NULL
        OFFSET 0
    ) AS row
    WHERE span.purpose = 'read'
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
    SELECT 'begun', NULL, NULL, NULL, min(start), NULL, NULL, NULL, NULL FROM rollups_rollup
    WHERE workspace_id = %(workspace)s AND series = 'ACTIVITY' AND version = %(activity)s
      AND grain = 'day' AND closed_xid IS NULL
    UNION ALL
    SELECT 'internal', ordinal, 'user', NULL, NULL, NULL, NULL, NULL, NULL
    FROM audience_productuser WHERE workspace_id = %(workspace)s AND is_internal
    UNION ALL
    SELECT 'internal', ordinal, 'account', NULL, NULL, NULL, NULL, NULL, NULL
    FROM audience_account WHERE workspace_id = %(workspace)s AND is_internal"""


class DamagedRow(RuntimeError):
    """A stored row's bytes are not those that were written."""


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
class StoredFacts:
    """The facts that a set of needs reads, as the engine's `Facts`. `begun` is the first day of any activity."""

    registry: Registry
    zones: Mapping[str, str]
    begun: datetime | None
    _waiting: Mapping[tuple[str, Span], Waiting]
    _rows: Mapping[tuple[str, str], Sequence[Row]]
    _internal: Mapping[Space, Members]
    _held: dict[int, Held] = field(default_factory=dict)
    _unions: dict[Need, Members] = field(default_factory=dict)
    _found: dict[Need, list[Row]] = field(default_factory=dict)

    def members(self, need: Need) -> Members:
        # A breakdown asks for the whole denominator once a row.
        if need not in self._unions:
            rows = (held.members for held in self._read(need))
            self._unions[need] = Members.union(self.registry[need.series].space, rows)
        return self._unions[need]

    def columns(self, need: Need) -> list[Numbers]:
        return [held.numbers for held in self._read(need) if held.numbers is not None]

    def values(self, need: Need, facet: str) -> set[str | None]:
        return {row.facets.get(facet) for row in self.rows(need)}

    def internal(self, space: Space) -> Members:
        return self._internal[space]

    def rows(self, need: Need) -> list[Row]:
        """The rows that answer a need."""
        if need not in self._found:
            spans = cover(need.start, need.end, self.zones[need.series])
            reached = [row for span in spans for row in self._within(need.series, span)]
            self._found[need] = [row for row in reached if row.meets(need.where)]
        return self._found[need]

    def waiting(self, needs: Iterable[Need]) -> Waiting:
        """What may still change the answers to some needs; an event of two series waits twice."""
        watched = {(need.series, span) for need in needs for span in _watched(need, self.zones[need.series])}
        found = [self._waiting[key] for key in watched & self._waiting.keys()]
        since = [one.since for one in found if one.since is not None]
        return Waiting(sum(one.events for one in found), min(since, default=None))

    def hold(self, rows: Iterable[Row]) -> None:
        """Read the bytes of rows, from this process's cache or in one statement."""
        spaces = {row.pk: self.registry[row.series].space for row in rows}
        self._held.update(CACHE.get(spaces))
        read = _fetch({pk: space for pk, space in spaces.items() if pk not in self._held})
        CACHE.put(read)
        self._held.update(read)

    def _read(self, need: Need) -> Iterable[Held]:
        return (self._held[row.pk] for row in self.rows(need))

    def _within(self, series: str, span: Span) -> Sequence[Row]:
        rows = self._rows.get((series, span.grain.value), ())
        first = bisect_left(rows, span.start, key=lambda row: row.start)
        return rows[first : bisect_left(rows, span.end, key=lambda row: row.start)]


def load(workspace: Workspace, needs: Iterable[Need]) -> StoredFacts:
    """The facts that these needs read, in two SQL statements, one when this process holds all bytes.

    Raises the engine's PeriodError (TIMEZONE_NOT_ALIGNED) for a need that begins or ends within a stored hour.
    """
    wanted = list(dict.fromkeys(needs))
    versions = taxonomy.versions_of(workspace).current
    zones = {need.series: taxonomy.load(workspace.pk, versions[need.series]).zone for need in wanted}
    facts = _find(workspace.pk, versions, zones, wanted)
    facts.hold({row.pk: row for need in wanted for row in facts.rows(need)}.values())
    return facts


def _find(
    workspace_id: int, versions: Mapping[str, int], zones: Mapping[str, str], needs: Sequence[Need]
) -> StoredFacts:
    spans = {
        (purpose, need.series, versions[need.series], span.grain.value, span.start, span.end)
        for need in needs
        for purpose, span in _spans(need, zones[need.series])
    }
    names = ("purposes", "series", "versions", "grains", "starts", "ends")
    columns = [list(column) for column in zip(*spans, strict=True)] if spans else [[]] * len(names)
    with connection.cursor() as cursor:
        scope = {"workspace": workspace_id, "activity": versions[taxonomy.ACTIVITY.name]}
        cursor.execute(FIND, scope | dict(zip(names, columns, strict=True)))
        return _facts(zones, cursor.fetchall())


def _spans(need: Need, zone: str) -> list[tuple[str, Span]]:
    read = [("read", span) for span in cover(need.start, need.end, zone)]
    return read + [("watch", span) for span in _watched(need, zone)]


def _watched(need: Need, zone: str) -> list[Span]:
    """Where markers would lie that may change one of a need's rows."""
    stored = (Grain.HOUR, Grain.DAY, Grain.MONTH)
    return [Span(grain, bucket_start(need.start, grain, zone), need.end) for grain in stored]


def _facts(zones: Mapping[str, str], found: Iterable[tuple[Any, ...]]) -> StoredFacts:
    rows: dict[int, Row] = {}
    internal: dict[str, list[int]] = defaultdict(list)
    waiting: dict[tuple[str, Span], Waiting] = {}
    begun = None
    for what, number, name, grain, at, until, since, facets, checksum in found:
        if what == "row":
            rows[number] = Row(number, name, grain, at, json.loads(facets), checksum)
        elif what == "internal":
            internal[name].append(number)
        elif what == "waiting":
            waiting[name, Span(Grain(grain), at, until)] = Waiting(number, since)
        else:
            begun = at
    by_place: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(rows.values(), key=lambda row: row.start):
        by_place[row.series, row.grain].append(row)
    never = {space: Members.of(space, internal[space.value]) for space in Space}
    return StoredFacts(taxonomy.SERIES, zones, begun, waiting, by_place, never)


def _fetch(spaces: Mapping[int, Space]) -> dict[int, Held]:
    if not spaces:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, members, numbers, checksum FROM rollups_rollup WHERE id = ANY(%s)", [list(spaces)]
        )
        return {
            pk: _held(spaces[pk], _checked(pk, Content.stored(members, numbers), checksum))
            for pk, members, numbers, checksum in cursor.fetchall()
        }


def _checked(pk: int, content: Content, checksum: object) -> Content:
    if content.checksum != checksum:
        raise DamagedRow(f"rollup row {pk} does not match its checksum")
    return content


def _held(space: Space, content: Content) -> Held:
    who = Members.load(space, content.members)
    how_much = None if content.numbers is None else Numbers.load(space, who, content.numbers)
    return Held(who, how_much, OBJECTS + len(content.members) + len(content.numbers or b""))
