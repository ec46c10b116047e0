"""Rollups as facts for the engine: one statement finds the rows, one fetches the bytes not held yet."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from apps.engine.definitions import Registry, space_of
from apps.engine.expressions import OTHER, AnyNeed, DidNeed, EntryNeed, Need, StateNeed
from apps.engine.numbers import Numbers
from apps.engine.periods import Span, local_day
from apps.engine.sets import Holders, Members, Space
from apps.engine.traits import parsed
from apps.events import taxonomy
from apps.rollups import doings, raw, replay
from apps.rollups.build.content import Content
from apps.rollups.cache import CACHE, Held
from apps.rollups.finding import Filled, Found, Place, Row, Stored, Waiting, find, stored
from apps.rollups.replay import Move
from apps.workspaces.models import Workspace

FETCH = """
    SELECT id, series, grain, start, facets, members, numbers, checksum FROM rollups_rollup WHERE id = ANY(%s)"""

# What a row or a set takes in memory beside its bytes, measured on rows of one person, and what the id of each row
# takes that a set was made of.
OBJECTS, ID = 1150, 40

# How many erasures of a workspace this process has heard of.
HEARD: dict[int, int] = {}


class DamagedRow(RuntimeError):
    """A stored row's bytes are not those that were written."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """The facts that a set of needs reads, as the engine's `Facts`."""

    registry: Registry
    epoch: int
    _place: Place
    _found: Found
    _did: Mapping[DidNeed, Mapping[date, Numbers]]
    _raw: Mapping[Need, Sequence[Filled]]
    _held: dict[int, Filled] = field(default_factory=dict)
    _unions: dict[Need, Members] = field(default_factory=dict)
    _states: dict[StateNeed, Mapping[str, Members]] = field(default_factory=dict)
    _memberships: dict[date, replay.Memberships] = field(default_factory=dict)
    _reached: dict[Need | EntryNeed, list[Row]] = field(default_factory=dict)

    @property
    def begun(self) -> datetime | None:
        """The first day of any activity."""
        return self._found.begun

    def members(self, need: Need) -> Members:
        # A breakdown asks for the whole denominator once a row.
        if need not in self._unions:
            rows = (filled.members for filled in self._read(need))
            self._unions[need] = Members.union(self.registry[need.series].space, rows)
        return self._unions[need]

    def columns(self, need: Need) -> list[Numbers]:
        return [filled.numbers for filled in self._read(need) if filled.numbers is not None]

    def values(self, need: Need, facet: str) -> set[str | None]:
        return {value for row in self.rows(need) for value in row.values(facet, need.where)}

    def internal(self, space: Space) -> Members:
        return self._found.internal[space]

    def erased(self) -> Members:
        return self._found.erased

    def state(self, need: StateNeed) -> Mapping[str, Members]:
        if need not in self._states:
            key = self._key(need)
            held: Mapping[str, Members] | None = CACHE.get(self.epoch, [key]).get(key)
            if held is None:
                held = replay.replayed(space_of(need.series), map(_move, self._stood(need)))
                CACHE.put(self.epoch, {key: Held(held, self._size([need], held.values()))})
            self._states[need] = held
        return self._states[need]

    def unlisted(self, need: StateNeed) -> Mapping[str, Members]:
        others = self.state(need).get(OTHER)
        if not others:
            return {}
        return replay.values(self._place.workspace_id, self._place.version(need.series), need, others)

    def entered(self, need: EntryNeed) -> Mapping[date, Members]:
        zone, space = self._place.zone(need.series), space_of(need.series)
        days: dict[date, Members] = {}
        for row in self.rows(need):
            day = local_day(row.start, zone)
            days[day] = days.get(day, Members.empty(space)) | self._held[row.pk].members
        return days

    def did(self, need: DidNeed) -> Mapping[date, Numbers]:
        return self._did[need]

    def lift(self, holders: Holders, to: Space, day: date) -> Members:
        if day not in self._memberships:
            version = self._place.version(replay.MEMBER)
            self._memberships[day] = replay.memberships(self._place.workspace_id, version, day)
        return self._memberships[day].lift(holders, to)

    def once(self, what: Hashable, needs: Sequence[StateNeed], find: Callable[[], Holders]) -> Holders:
        key = what, *map(self._key, needs)
        held: Holders | None = CACHE.get(self.epoch, [key]).get(key)
        if held is not None:
            return held
        found = find()
        # Values that are not told apart are read from rows that do change.
        if not any(OTHER in self.state(need) for need in needs):
            # A condition may name a thousand values.
            CACHE.put(self.epoch, {key: Held(found, len(repr(what)) + self._size(needs, [found.members]))})
        return found

    def rows(self, need: AnyNeed) -> Sequence[Row]:
        """The rows that answer a need."""
        if isinstance(need, DidNeed):
            return ()
        if isinstance(need, StateNeed):
            return [filled.row for filled in self._stood(need)]
        if isinstance(need, Need) and need.raw:
            return [filled.row for filled in self._read(need)]
        if need not in self._reached:
            spans = self._place.spans(need)
            reached = [row for span in spans for row in self._within(need.series, span)]
            self._reached[need] = [row for row in reached if _answers(row, need)]
        return self._reached[need]

    def waiting(self, needs: Iterable[AnyNeed]) -> Waiting:
        """What may still change the answers to some needs; an event of two series waits twice."""
        watched = {(need.series, span) for need in stored(needs) for span in self._place.watched(need)}
        found = [self._found.waiting[key] for key in watched & self._found.waiting.keys()]
        found.append(self._found.people)
        since = [one.since for one in found if one.since is not None]
        return Waiting(sum(one.events for one in found), min(since, default=None))

    def hold(self, needs: Iterable[AnyNeed]) -> None:
        """Read the rows of needs, from this process's cache or in one statement."""
        spaces: dict[int, Space] = {}
        for need in stored(needs):
            spaces.update(dict.fromkeys(self._ids(need), self._space(need)))
        self._held.update(CACHE.get(self.epoch, spaces))
        read = _fetch({pk: space for pk, space in spaces.items() if pk not in self._held})
        CACHE.put(self.epoch, read)
        self._held.update((pk, held.what) for pk, held in read.items())

    def _ids(self, need: Stored) -> Sequence[int]:
        if isinstance(need, StateNeed):
            return self._found.states.get((need.series, self._place.day_end(need)), ())
        return [row.pk for row in self.rows(need)]

    def _stood(self, need: StateNeed) -> list[Filled]:
        return [self._held[pk] for pk in self._ids(need)]

    def _key(self, need: StateNeed) -> Hashable:
        return space_of(need.series), tuple(self._ids(need))

    def _size(self, needs: Iterable[StateNeed], made: Iterable[Members]) -> int:
        ids = sum(len(self._ids(need)) for need in needs)
        return ID * ids + sum(OBJECTS + members.size for members in made)

    def _space(self, need: Stored) -> Space:
        return self.registry[need.series].space if isinstance(need, Need) else space_of(need.series)

    def _read(self, need: Need) -> Iterable[Filled]:
        if need.raw:
            return (filled for filled in self._raw[raw.whole(need)] if filled.row.meets(need.where))
        return (self._held[row.pk] for row in self.rows(need))

    def _within(self, series: str, span: Span) -> Sequence[Row]:
        rows = self._found.rows.get((series, span.grain.value), ())
        first = bisect_left(rows, span.start, key=lambda row: row.start)
        return rows[first : bisect_left(rows, span.end, key=lambda row: row.start)]


def load(workspace: Workspace, needs: Iterable[AnyNeed]) -> StoredFacts:
    """The facts that these needs read, in two SQL statements, one when this process holds all bytes.

    What users did that no series tells takes one more for each event and stretch of days, and two for each set of
    facets that no series tells events apart by. Raises the engine's PeriodError (TIMEZONE_NOT_ALIGNED) for a need
    that begins or ends within a stored hour, and Refusal (TOO_MANY_EVENTS).
    """
    forget_erased(workspace)
    wanted = list(dict.fromkeys(needs))
    place = Place(workspace.pk, taxonomy.versions_of(workspace).current)
    did = {need: doings.daily(place, need) for need in wanted if isinstance(need, DidNeed)}
    read = raw.read(place, [need for need in wanted if isinstance(need, Need) and need.raw])
    facts = StoredFacts(taxonomy.SERIES, workspace.erasures, place, find(place, wanted), did, read)
    facts.hold(wanted)
    return facts


def forget_erased(workspace: Workspace) -> None:
    """Once a workspace has had an erasure since it was last asked about here, this process remembers nothing."""
    if HEARD.setdefault(workspace.pk, workspace.erasures) != workspace.erasures:
        CACHE.clear()
        parsed.cache_clear()
        taxonomy.load.cache_clear()
        HEARD[workspace.pk] = workspace.erasures


def _answers(row: Row, need: Need | EntryNeed) -> bool:
    return row.meets(need.where) if isinstance(need, Need) else row.facets["move"] == replay.ENTERED


def _move(filled: Filled) -> Move:
    facets = filled.row.facets
    return Move(filled.row.start, str(facets["move"]), str(facets["value"]), filled.members)


def _fetch(spaces: Mapping[int, Space]) -> dict[int, Held[Filled]]:
    if not spaces:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FETCH, [list(spaces)])
        return {row[0]: _filled(spaces[row[0]], *row) for row in cursor.fetchall()}


def _filled(  # noqa: PLR0913, PLR0917 - the columns of a row
    space: Space,
    pk: int,
    series: str,
    grain: str,
    start: datetime,
    facets: str,
    members: memoryview,
    numbers: memoryview | None,
    checksum: UUID,
) -> Held[Filled]:
    content = Content.stored(members, numbers)
    if content.checksum != checksum:
        raise DamagedRow(f"rollup row {pk} does not match its checksum")
    row = Row(pk, series, grain, start, json.loads(facets), str(checksum))
    return Held(Filled.of(row, space, content), OBJECTS + len(content.members) + len(content.numbers or b""))
