"""Which buckets answer a need, and where changes of it would wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from apps.engine.asof import BEGINNING, MOMENT
from apps.engine.expressions import AnyNeed, DidNeed, EntryNeed, Need, StateNeed
from apps.engine.periods import Grain, Span, bucket_start, cover, day_start, days_later
from apps.engine.refusals import Refusal
from apps.events import taxonomy
from apps.rollups.build.content import version_key

Stored: TypeAlias = Need | EntryNeed | StateNeed


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

    def spans(self, need: Need | EntryNeed) -> Sequence[Span]:
        """The buckets that make up a need."""
        zone = self.zone(need.series)
        if isinstance(need, Need):
            return _cover(need.start, need.end, zone)
        return [Span(Grain.DAY, day_start(need.first, zone), day_start(days_later(need.last, 1), zone))]

    def watched(self, need: Stored) -> Sequence[Span]:
        """Where markers would lie that may change one of a need's rows."""
        if isinstance(need, StateNeed):
            end = self.day_end(need)
            # The month that begins when the day is over is the one that is read.
            return [Span(Grain.DAY, BEGINNING, end), Span(Grain.MONTH, BEGINNING, end + MOMENT)]
        zone = self.zone(need.series)
        if isinstance(need, Need):
            return _watched(need.start, need.end, zone)
        return _watched(day_start(need.first, zone), day_start(days_later(need.last, 1), zone), zone)


@lru_cache(maxsize=10_000)
def _cover(start: datetime, end: datetime, zone: str) -> Sequence[Span]:
    # The same periods are asked for again and again, and to look at calendars takes longer than to find rows.
    return cover(start, end, zone)


@lru_cache(maxsize=10_000)
def _watched(start: datetime, end: datetime, zone: str) -> Sequence[Span]:
    return [Span(grain, bucket_start(start, grain, zone), end) for grain in (Grain.HOUR, Grain.DAY, Grain.MONTH)]


def stored(needs: Iterable[AnyNeed]) -> list[Stored]:
    """Those that rows tell, not the raw events."""
    told = [need for need in needs if not isinstance(need, DidNeed)]
    return [need for need in told if not (isinstance(need, Need) and need.raw)]


def joined(spans: Iterable[tuple[str, Span]]) -> list[tuple[str, Span]]:
    """The same buckets in the fewest spans: those of a series and grain that adjoin or overlap as one."""
    wide: list[tuple[str, Span]] = []
    for series, span in sorted(set(spans), key=lambda one: (one[0], one[1].grain, one[1].start)):
        last, before = wide[-1] if wide else ("", span)
        if (last, before.grain) == (series, span.grain) and span.start <= before.end:
            wide[-1] = series, replace(before, end=max(before.end, span.end))
        else:
            wide.append((series, span))
    return wide
