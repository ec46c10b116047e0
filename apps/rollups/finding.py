"""Which rows answer a set of needs, and what waits behind them: one statement, hence one snapshot."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.db import connection

from apps.engine.asof import BEGINNING, MOMENT
from apps.engine.definitions import Where
from apps.engine.expressions import AnyNeed, DidNeed, EntryNeed, Need, StateNeed
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, Span, bucket_start, cover, day_start, days_later
from apps.engine.refusals import Refusal
from apps.engine.sets import Members, Space
from apps.engine.traits import parsed
from apps.events import taxonomy
from apps.rollups.build.content import DREW, Content, version_key

# The function is that of the migration 0003_find.
FIND = "SELECT rollups_find(%s, %s, %s::json, %s::json)"


@dataclass(frozen=True, slots=True)
class Row:
    """A rollup row in reach of a question, without its bytes."""

    pk: int
    series: str
    grain: str
    start: datetime
    facets: Mapping[str, str | None]
    checksum: str

    @property
    def name(self) -> str:
        """What it says and where, without its id: ids are drawn for all tenants together."""
        facets = "".join(f" {facet}={value or ''}" for facet, value in sorted(self.facets.items()))
        checksum = self.checksum.replace("-", "")[:12]
        return f"{self.series}{facets} {self.grain} {self.start:%Y-%m-%dT%H:%MZ} {checksum}"

    def meets(self, condition: Where) -> bool:
        """Whether its events do: of events that drew others, with one of these."""
        return any(_holds(condition, told) for told in self._told())

    def values(self, facet: str, condition: Where) -> set[str | None]:
        """The values that a facet has where a condition is met."""
        return {told.get(facet) for told in self._told() if _holds(condition, told)}

    def _told(self) -> Sequence[Mapping[str, str | None]]:
        """The facets of its events, as often as these differ in what they drew."""
        drew = self.facets.get(DREW)
        return [{**self.facets, **one} for one in parsed(drew)] if drew else (self.facets,)


@dataclass(frozen=True, slots=True)
class Filled:
    """A row with its bytes, read."""

    row: Row
    members: Members
    numbers: Numbers | None

    @classmethod
    def of(cls, row: Row, space: Space, content: Content) -> Filled:
        """A row of some users or accounts with what it says."""
        members = Members.load(space, content.members)
        numbers = None if content.numbers is None else Numbers.load(space, members, content.numbers)
        return cls(row, members, numbers)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What came in but is in no row yet: how many events, and since when (None: nothing waits)."""

    events: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement returned.

    `rows` by series and grain, in order of time; `states` by series and the instant at which the day asked
    about is over: the ids of the rows to replay. `people` is what waits to be said of users and accounts.
    `begun` is the first day of any activity.
    """

    rows: Mapping[tuple[str, str], Sequence[Row]]
    states: Mapping[tuple[str, datetime], Sequence[int]]
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
        """The version of a series that answers are read from.

        Raises Refusal (NOT_COUNTED_YET) while the first one is being built.
        """
        key = version_key(series)
        if key not in self.versions:
            raise Refusal("NOT_COUNTED_YET", "slug", "a KPI that is not being counted for the first time")
        return self.versions[key]

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
            end = self.day_end(need)
            # The month that begins when the day is over is the one that is read.
            return [Span(Grain.DAY, BEGINNING, end), Span(Grain.MONTH, BEGINNING, end + MOMENT)]
        spans, zone = self.spans(need), self.zone(need.series)
        stored = (Grain.HOUR, Grain.DAY, Grain.MONTH)
        return [Span(grain, bucket_start(spans[0].start, grain, zone), spans[-1].end) for grain in stored]


Stored: TypeAlias = Need | EntryNeed | StateNeed


def stored(needs: Iterable[AnyNeed]) -> list[Stored]:
    """Those that rows tell, not the raw events."""
    told = [need for need in needs if not isinstance(need, DidNeed)]
    return [need for need in told if not (isinstance(need, Need) and need.raw)]


def find(place: Place, needs: Iterable[AnyNeed]) -> Found:
    """Look for the rows of needs."""
    told = stored(needs)
    spans = list(dict.fromkeys(span for need in told for span in _spans(place, need)))
    states = list(
        dict.fromkeys((need.series, place.day_end(need)) for need in told if isinstance(need, StateNeed))
    )
    asked = [
        {
            "purpose": purpose,
            "series": series,
            "version": place.version(series),
            "grain": span.grain,
            "start": str(span.start),
            "stop": str(span.end),
        }
        for purpose, series, span in spans
    ]
    stood = [{"series": series, "version": place.version(series), "stop": str(stop)} for series, stop in states]
    activity = place.version(taxonomy.ACTIVITY.name)
    with connection.cursor() as cursor:
        cursor.execute(FIND, [place.workspace_id, activity, json.dumps(asked), json.dumps(stood)])
        (found,) = cursor.fetchone()
    return _found(found, spans, states)


def _spans(place: Place, need: Stored) -> list[tuple[str, str, Span]]:
    read = [] if isinstance(need, StateNeed) else [("read", need.series, span) for span in place.spans(need)]
    return read + [("watch", need.series, span) for span in place.watched(need)]


def _found(
    found: Mapping[str, Any], spans: Sequence[tuple[str, str, Span]], states: Sequence[tuple[str, datetime]]
) -> Found:
    rows: dict[tuple[str, str], dict[int, Row]] = defaultdict(dict)
    for pk, series, grain, start, facets, checksum in found["rows"] or ():
        rows[series, grain][pk] = Row(pk, series, grain, datetime.fromisoformat(start), facets, checksum)
    waiting = {}
    for place, events, since in found["waiting"] or ():
        _, series, span = spans[place - 1]
        waiting[series, span] = Waiting(events, datetime.fromisoformat(since))
    events, since = found["people"]
    return Found(
        rows={place: sorted(some.values(), key=lambda row: row.start) for place, some in rows.items()},
        states={states[place - 1]: ids for place, ids in found["states"] or ()},
        waiting=waiting,
        people=Waiting(events, _instant(since)),
        begun=_instant(found["begun"]),
        internal={space: Members.of(space, found[f"internal_{space}s"] or ()) for space in Space},
        erased=Members.of(Space.USER, found["erased"] or ()),
    )


def _holds(condition: Where, told: Mapping[str, str | None]) -> bool:
    return all(told.get(facet) in allowed for facet, allowed in condition)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
