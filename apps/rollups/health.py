"""How the rollups are doing: what waits, what fails, and how far a change of meaning has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Sum
from django.utils.timezone import now

from apps.rollups.build.content import version_key
from apps.rollups.hints import hint
from apps.rollups.models import BucketFailure, Rollup
from apps.rollups.worker import ALARM_AFTER
from apps.workspaces.models import Marker, Workspace


@dataclass(frozen=True, slots=True)
class Pending:
    """The buckets of one series and grain that wait to be rebuilt, the events behind them, and since when."""

    workspace: str
    series: str
    version: int
    grain: str
    buckets: int
    events: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A series that is being built anew: from which version to which, and how many buckets are built and left.

    `current` is None for one that is new. Until `is_marked` it is not known how many are left.
    """

    workspace: str
    series: str
    current: int | None
    building: int
    is_marked: bool
    built: int
    left: int

    @property
    def total(self) -> int:
        """All buckets that are known of."""
        return self.built + self.left


@dataclass(frozen=True, slots=True)
class Health:
    """Everything at one moment, in as many SQL statements however many workspaces there are."""

    at: datetime
    pending: Sequence[Pending]
    changes: Sequence[Change]
    failing: Sequence[BucketFailure]
    open_rows: int

    @property
    def buckets(self) -> int:
        """How many buckets wait."""
        return sum(row.buckets for row in self.pending)

    @property
    def oldest(self) -> datetime | None:
        """Since when the one that has waited longest does."""
        return min((row.oldest for row in self.pending), default=None)

    @property
    def alarms(self) -> int:
        """How many buckets have failed so often that somebody must look."""
        return sum(failure.attempts >= ALARM_AFTER for failure in self.failing)


def health() -> Health:
    """The state of all workspaces."""
    pending = _pending()
    return Health(
        at=now(),
        pending=pending,
        changes=_changes(pending),
        failing=list(_failing().select_related("workspace").order_by("-attempts", "-start")),
        open_rows=Rollup.unscoped.filter(closed_xid__isnull=True).count(),
    )


def try_again() -> int:
    """Let every failing bucket be tried at once, and return how many there are."""
    count = _failing().update(next_try_at=now())
    hint()
    return count


def _failing() -> QuerySet[BucketFailure]:
    """Failures that were not made good: their bucket or subject still waits."""
    place = {field: OuterRef(field) for field in ("workspace", "series", "version", "grain")}
    # One of the two is null, and null equals nothing.
    same = Q(start=OuterRef("start")) | Q(subject=OuterRef("subject"))
    return BucketFailure.unscoped.filter(Exists(Marker.unscoped.filter(same, **place)))


def _pending() -> list[Pending]:
    place = ("workspace__slug", "series", "version", "grain")
    named = Count("key", distinct=True, filter=~Q(key=""))
    waiting = Count("start", distinct=True) + Count("subject", distinct=True) + named
    rows = Marker.unscoped.values_list(*place).annotate(waiting=waiting, told=Sum("events"), oldest=Min("since"))
    return [Pending(*row) for row in rows.order_by(*place)]


def _changes(pending: Sequence[Pending]) -> list[Change]:
    changing = list(Workspace.objects.exclude(versions__building={}).order_by("slug"))
    built = _built(changing)
    left = Counter[tuple[str, str, int]]()
    for row in pending:
        left[row.workspace, version_key(row.series), row.version] += row.buckets
    return [
        Change(
            workspace=workspace.slug,
            series=series,
            current=workspace.versions["current"].get(series),
            building=version,
            is_marked=workspace.versions["marked"],
            built=built[workspace.slug, series, version],
            left=left[workspace.slug, series, version],
        )
        for workspace in changing
        for series, version in sorted(workspace.versions["building"].items())
    ]


def _built(workspaces: Iterable[Workspace]) -> Counter[tuple[str, str, int]]:
    """How many buckets have rows, of every series and version of these workspaces."""
    rows = Rollup.objects.filter(workspace__in=workspaces, closed_xid__isnull=True)
    grains = rows.values_list("workspace__slug", "series", "version", "grain").annotate(
        Count("start", distinct=True)
    )
    built = Counter[tuple[str, str, int]]()
    for slug, series, version, _, buckets in grains:
        built[slug, version_key(series), version] += buckets
    return built
