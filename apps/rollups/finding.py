"""Which rows answer a set of needs, and what waits behind them: one statement, hence one snapshot."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection

from apps.audience.marking import LINKED
from apps.engine.expressions import AnyNeed, StateNeed
from apps.engine.periods import Span
from apps.engine.sets import Members, Space
from apps.events import taxonomy
from apps.rollups.reach import Place, Stored, joined, stored

T = TypeVar("T")

# The function is that of the migration 0006_find_ids.
FIND = "SELECT rollups_find(%s, %s, %s::json, %s::json, %s)"
# Of so many questions each connection remembers what was found last, where that is not more rows than this.
LATELY, MOST_ROWS = 200, 2000


@dataclass(frozen=True, slots=True)
class Pending:
    """What came in but is in no row yet: how many events, and since when (None: nothing waits)."""

    events: int
    since: datetime | None


@dataclass(slots=True)
class InTime(Generic[T]):
    """What begins when: instants as seconds since 1970, in order, and beside each what begins there."""

    starts: list[int] = field(default_factory=list)
    what: list[T] = field(default_factory=list)

    def add(self, starts: Sequence[int], what: Sequence[T]) -> None:
        """Put what begins later behind the rest."""
        self.starts += starts
        self.what += what

    def within(self, span: Span) -> Sequence[T]:
        """What begins in a span."""
        return self.what[self._first(span.start) : self._first(span.end)]

    def _first(self, at: datetime) -> int:
        return bisect_left(self.starts, at.timestamp())


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement returned.

    `rows` and `waiting` by series and grain: the ids of rows, and the buckets that wait. `states` by series and
    the instant at which the day asked about is over: the ids of the rows to replay. `people` is what waits to be
    said of users and accounts, and the causes that wait, by what they are called. `begun` is the first day of any
    activity. `keys` are the names under which is held what was made of the rows, once somebody asked for it.
    """

    rows: Mapping[tuple[str, str], InTime[int]]
    states: Mapping[tuple[str, datetime], tuple[int, ...]]
    waiting: Mapping[tuple[str, str], InTime[Pending]]
    people: Mapping[str, Pending]
    begun: datetime | None
    internal: Mapping[Space, Members]
    erased: Members
    keys: dict[tuple[str, Stored], Hashable] = field(default_factory=dict, compare=False)

    def ids(self, series: str, spans: Iterable[Span]) -> tuple[int, ...]:
        """The rows of a series in some spans, in order of time."""
        told = ((self.rows.get((series, span.grain.value)), span) for span in spans)
        return tuple(chain.from_iterable(rows.within(span) for rows, span in told if rows))

    def waits(self, watched: Iterable[tuple[str, Span]]) -> Pending:
        """What waits in some spans, and of people and causes that may reach into their series."""
        spans = joined(watched)
        names = {series for series, _ in spans}
        elsewhere = {LINKED[key] for key, joining in taxonomy.JOINED.items() if names.isdisjoint(joining)}
        found = [one for name, one in self.people.items() if name not in elsewhere]
        for series, span in spans:
            if (series, span.grain.value) in self.waiting:
                found += self.waiting[series, span.grain.value].within(span)
        since = [one.since for one in found if one.since is not None]
        return Pending(sum(one.events for one in found), min(since, default=None))


@dataclass(slots=True)
class Asked:
    """What a statement asks for, and what it found when the database was as in `snapshot`."""

    spans: str
    states: str
    ends: Sequence[tuple[str, datetime]]
    snapshot: str | None = None
    found: Found | None = None


class Lately(OrderedDict[Hashable, Asked]):
    """What was asked lately over one connection."""

    def asked(self, key: Hashable, ask: Callable[[], Asked]) -> Asked:
        """The same again, or else for the first time."""
        if key not in self:
            self[key] = ask()
        self.move_to_end(key)
        if len(self) > LATELY:
            self.popitem(last=False)
        return self[key]


# By connection: a server that crashed may give transactions old numbers again, but nobody stays connected with it.
LATELY_ASKED: WeakKeyDictionary[object, Lately] = WeakKeyDictionary()


def find(place: Place, needs: Iterable[AnyNeed]) -> Found:
    """Look for the rows of needs. Where nothing was committed since the same was looked for, nothing is read."""
    told = stored(needs)
    activity = place.version(taxonomy.ACTIVITY.name)
    with connection.cursor() as cursor:
        lately = LATELY_ASKED.setdefault(connection.connection, Lately())
        key = place.workspace_id, activity, tuple((need, place.version(need.series)) for need in told)
        asked = lately.asked(key, lambda: _asked(place, told))
        cursor.execute(FIND, [place.workspace_id, activity, asked.spans, asked.states, asked.snapshot])
        (found,) = cursor.fetchone()
    if found is None and asked.found:
        return asked.found
    asked.snapshot = asked.found = None
    fresh = _found(found, asked.ends)
    if sum(len(rows.what) for rows in fresh.rows.values()) <= MOST_ROWS:
        asked.snapshot, asked.found = found["snapshot"], fresh
    return fresh


def forget() -> None:
    """Remember nothing of what was asked, over any connection."""
    LATELY_ASKED.clear()


def _asked(place: Place, needs: Sequence[Stored]) -> Asked:
    read = [(need.series, span) for need in needs if not isinstance(need, StateNeed) for span in place.spans(need)]
    watched = [(need.series, span) for need in needs for span in place.watched(need)]
    spans = [
        {
            "purpose": purpose,
            "series": series,
            "version": place.version(series),
            "grain": span.grain,
            "start": str(span.start),
            "stop": str(span.end),
        }
        for purpose, some in (("read", read), ("watch", watched))
        for series, span in joined(some)
    ]
    ends = list(dict.fromkeys((need.series, place.day_end(need)) for need in needs if isinstance(need, StateNeed)))
    states = [{"series": series, "version": place.version(series), "stop": str(stop)} for series, stop in ends]
    return Asked(json.dumps(spans), json.dumps(states), ends)


def _found(found: Mapping[str, Any], states: Sequence[tuple[str, datetime]]) -> Found:
    rows, waiting = defaultdict[Any, InTime[int]](InTime), defaultdict[Any, InTime[Pending]](InTime)
    for series, grain, starts, ids in found["rows"] or ():
        rows[series, grain].add(starts, ids)
    for series, grain, start, *told in found["waiting"] or ():
        waiting[series, grain].add([start], [_waiting(*told)])
    return Found(
        rows=rows,
        states={states[place - 1]: tuple(ids) for place, ids in found["states"] or ()},
        waiting=waiting,
        people={name: _waiting(*told) for name, *told in found["people"] or ()},
        begun=_instant(found["begun"]),
        internal={space: Members.of(space, found[f"internal_{space}s"] or ()) for space in Space},
        erased=Members.of(Space.USER, found["erased"] or ()),
    )


def _waiting(events: int, since: str) -> Pending:
    return Pending(events, datetime.fromisoformat(since))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
