"""Rollups as facts for the engine: one statement finds the rows, one fetches the bytes not held yet."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from apps.engine.definitions import Registry, space_of
from apps.engine.expressions import OTHER, AnyNeed, DidNeed, EntryNeed, Need, StateNeed
from apps.engine.facts import Told
from apps.engine.numbers import Numbers
from apps.engine.periods import local_day
from apps.engine.sets import Holders, Members, Space
from apps.engine.traits import parsed
from apps.events import taxonomy
from apps.rollups import doings, finding, raw, replay, restating
from apps.rollups.build.content import version_key
from apps.rollups.cache import CACHE, Held
from apps.rollups.finding import Found, Pending, find
from apps.rollups.reach import Place, Stored, stored
from apps.rollups.replay import Move
from apps.rollups.restating import Restated
from apps.rollups.rows import OBJECTS, Filled, Row, fetch
from apps.workspaces.models import Workspace

T = TypeVar("T")

# What the id of each row takes in memory that something was made of.
ID = 40

# What is made of the rows of a need: whose they are, and how much each did.
WHO, HOW_MUCH = "who", "how much"

# How many erasures of a workspace this process has heard of.
HEARD: dict[int, int] = {}


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """The facts that a set of needs reads, as the engine's `Facts`.

    What was made of rows is held by the process under their ids: where it is, the rows are not needed.
    """

    registry: Registry
    epoch: int
    _place: Place
    _found: Found
    _did: Mapping[DidNeed, Mapping[date, Numbers]]
    _raw: Mapping[Need, Sequence[Filled]]
    _wanted: Sequence[AnyNeed]
    _held: dict[int, Filled] = field(default_factory=dict)
    _made: dict[tuple[str, Stored], Any] = field(default_factory=dict)
    _memberships: dict[date, replay.Memberships] = field(default_factory=dict)
    _restated: list[Restated] = field(default_factory=list)

    @property
    def begun(self) -> datetime | None:
        """The first day of any activity."""
        return self._found.begun

    def members(self, need: Need) -> Members:
        space = self.registry[need.series].space
        return self._kept(WHO, need, lambda: Members.union(space, (one.members for one in self._read(need))))

    def columns(self, need: Need) -> Sequence[Numbers]:
        return self._kept(HOW_MUCH, need, lambda: _total([one.numbers for one in self._read(need)]))

    def told(self, need: Need, facets: Sequence[str]) -> Iterable[Told]:
        return (
            (one.row.values(facets, need.where), one.members, one.numbers if need.counts else None)
            for one in self._read(need)
        )

    def internal(self, space: Space) -> Members:
        return self._found.internal[space]

    def erased(self) -> Members:
        return self._found.erased

    def state(self, need: StateNeed) -> Mapping[str, Members]:
        return self._kept(
            WHO, need, lambda: replay.replayed(space_of(need.series), map(_move, self._filled(need)))
        )

    def unlisted(self, need: StateNeed) -> Mapping[str, Members]:
        others = self.state(need).get(OTHER)
        if not others:
            return {}
        return replay.values(self._place.workspace_id, self._place.version(need.series), need, others)

    def entered(self, need: EntryNeed) -> Mapping[date, Members]:
        zone, space = self._place.zone(need.series), space_of(need.series)
        days: dict[date, Members] = {}
        for one in self._read(need):
            day = local_day(one.row.start, zone)
            days[day] = days.get(day, Members.empty(space)) | one.members
        return days

    def did(self, need: DidNeed) -> Mapping[date, Numbers]:
        return self._did[need]

    def lift(self, holders: Holders, to: Space, day: date) -> Members:
        if day not in self._memberships:
            version = self._place.version(replay.MEMBER)
            self._memberships[day] = replay.memberships(self._place.workspace_id, version, day)
        return self._memberships[day].lift(holders, to)

    def once(self, what: Hashable, needs: Sequence[StateNeed], find: Callable[[], Holders]) -> Holders:
        key = what, *(self._key(WHO, need) for need in needs)
        held: Holders | None = CACHE.get(self.epoch, [key]).get(key)
        if held is not None:
            return held
        found = find()
        # Values that are not told apart are read from rows that do change.
        if not any(OTHER in self.state(need) for need in needs):
            # A condition may name a thousand values.
            ids = ID * sum(len(self._ids(need)) for need in needs)
            CACHE.put(self.epoch, {key: Held(found, len(repr(what)) + ids + _size([found.members]))})
        return found

    def rows(self, need: AnyNeed) -> Sequence[Row]:
        """The rows that answer a need."""
        return () if isinstance(need, DidNeed) else [one.row for one in self._read(need)]

    def waiting(self, needs: Iterable[AnyNeed]) -> Pending:
        """What may still change the answers to some needs; an event of two series waits twice."""
        told = stored(needs)
        watched = {(need.series, span) for need in told for span in self._place.watched(need)}
        return self._found.waits(watched)

    def restated(self, needs: Iterable[AnyNeed], end: datetime) -> bool:
        """Whether what some needs are read from changed after a period that ended then was settled.

        Takes one statement for all needs that were loaded together.
        """
        if not self._restated:
            self._restated.append(restating.read(self._place, self._told(self._wanted)))
        watched = [(need.series, span) for need in self._told(needs) for span in self._place.watched(need)]
        return self._restated[0].has(watched, end)

    def hold(self, needs: Iterable[AnyNeed]) -> None:
        """Find what was made of the rows of needs before, or read the rows, in one statement at most."""
        missing = [need for need in stored(needs) if not self._remembers(need)]
        self._read_rows(missing)

    def _told(self, needs: Iterable[AnyNeed]) -> list[Stored]:
        """Those of a series, whose days may have changed; for raw events all that tell the same ones apart."""
        told: list[Stored] = []
        for need in needs:
            if isinstance(need, Need) and need.raw:
                told += [replace(need, series=one.name) for one in self.registry[need.series].sets()]
            elif not isinstance(need, DidNeed):
                told.append(need)
        return [need for need in told if version_key(need.series) in self._place.versions]

    def _remembers(self, need: Stored) -> bool:
        """Whether nothing is to be made of the need's rows any more."""
        if isinstance(need, EntryNeed):
            return False
        made = (WHO, HOW_MUCH) if isinstance(need, Need) and need.counts else (WHO,)
        keys = {self._key(what, need): (what, need) for what in made}
        found = CACHE.get(self.epoch, keys)
        self._made.update((keys[key], held) for key, held in found.items())
        return len(found) == len(keys)

    def _kept(self, what: str, need: Need | StateNeed, make: Callable[[], T]) -> T:
        """What is made of the rows of a need, or of raw events, unless this process holds it."""
        is_known_by_ids = not (isinstance(need, Need) and need.raw)
        if (what, need) not in self._made and is_known_by_ids:
            self._remembers(need)
        if (what, need) not in self._made:
            self._made[what, need] = made = make()
            if is_known_by_ids:
                CACHE.put(self.epoch, {self._key(what, need): Held(made, ID * len(self._ids(need)) + _size(made))})
        found: T = self._made[what, need]
        return found

    def _key(self, what: str, need: Stored) -> Hashable:
        keys = self._found.keys
        if (what, need) not in keys:
            where = need.where if isinstance(need, Need) else ()
            keys[what, need] = what, need.series, where, self._ids(need)
        return keys[what, need]

    def _ids(self, need: Stored) -> tuple[int, ...]:
        """The rows in reach of a need, whether they meet its condition or not."""
        if isinstance(need, StateNeed):
            return self._found.states.get((need.series, self._place.day_end(need)), ())
        return self._found.ids(need.series, self._place.spans(need))

    def _read(self, need: Stored) -> Iterator[Filled]:
        """Those that answer it."""
        if isinstance(need, Need) and need.raw:
            return (one for one in self._raw[raw.whole(need)] if one.row.meets(need.where))
        return (one for one in self._filled(need) if _answers(one.row, need))

    def _filled(self, need: Stored) -> list[Filled]:
        self._read_rows([need])
        return [self._held[pk] for pk in self._ids(need)]

    def _read_rows(self, needs: Iterable[Stored]) -> None:
        """From this process's cache or in one statement."""
        spaces: dict[int, Space] = {}
        for need in needs:
            spaces.update(dict.fromkeys(self._ids(need), self._space(need)))
        self._held.update(CACHE.get(self.epoch, spaces.keys() - self._held.keys()))
        read = fetch({pk: space for pk, space in spaces.items() if pk not in self._held})
        CACHE.put(self.epoch, read)
        self._held.update((pk, held.what) for pk, held in read.items())

    def _space(self, need: Stored) -> Space:
        return self.registry[need.series].space if isinstance(need, Need) else space_of(need.series)


def load(workspace: Workspace, needs: Iterable[AnyNeed]) -> StoredFacts:
    """The facts that these needs read, in two SQL statements, one when this process holds all bytes.

    What users did that no series tells takes two more for each event and stretch of days, and three for each set
    of facets that no series tells events apart by: one asks whether any event was corrected. Raises the engine's
    PeriodError (TIMEZONE_NOT_ALIGNED) for a need that begins or ends within a stored hour, and Refusal
    (TOO_MANY_EVENTS).
    """
    forget_erased(workspace)
    wanted = list(dict.fromkeys(needs))
    place = Place(workspace.pk, taxonomy.versions_of(workspace).current)
    did = {need: doings.daily(place, need) for need in wanted if isinstance(need, DidNeed)}
    read = raw.read(place, [need for need in wanted if isinstance(need, Need) and need.raw])
    facts = StoredFacts(taxonomy.REGISTRY, workspace.erasures, place, find(place, wanted), did, read, wanted)
    facts.hold(wanted)
    return facts


def forget_erased(workspace: Workspace) -> None:
    """Once a workspace has had an erasure since it was last asked about here, this process remembers nothing."""
    if HEARD.setdefault(workspace.pk, workspace.erasures) != workspace.erasures:
        CACHE.clear()
        finding.forget()
        parsed.cache_clear()
        taxonomy.load.cache_clear()
        HEARD[workspace.pk] = workspace.erasures


def _answers(row: Row, need: Stored) -> bool:
    match need:
        case Need():
            return row.meets(need.where)
        case EntryNeed():
            return row.facets["move"] == replay.ENTERED
    return True


def _total(columns: Iterable[Numbers | None]) -> Sequence[Numbers]:
    """Added up, as they will be asked for again."""
    counted = [column for column in columns if column is not None]
    return [Numbers.total(counted)] if counted else []


def _size(made: object) -> int:
    """About how many bytes sets, numbers, or some of either take in memory."""
    match made:
        case Members() | Numbers():
            return OBJECTS + made.size
        case Mapping():
            return sum(map(_size, made.values()))
        case Iterable():
            return sum(map(_size, made))
    raise TypeError(f"{made!r} is no set and no numbers")


def _move(filled: Filled) -> Move:
    facets = filled.row.facets
    return Move(filled.row.start, str(facets["move"]), str(facets["value"]), filled.members)
