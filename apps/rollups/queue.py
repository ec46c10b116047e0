"""What waits to be rebuilt, in which order, and the loop that works it off."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from apps.engine.periods import Grain
from apps.events.taxonomy import SERIES
from apps.rollups import causes, subjects, versions
from apps.rollups.build.content import EVENTS, STATES, Bucket
from apps.rollups.worker import build
from apps.workspaces.models import Marker, Workspace

logger = logging.getLogger(__name__)

BATCH = 500
# What one worker rebuilds at once: a bucket, a user or an account, or what a cause reaches.
PLACE = ("family", "series", "version", "grain", "start", "subject", "key")
RECENT = timedelta(days=1)
GRAINS = (Grain.HOUR, Grain.DAY, Grain.MONTH)

# An old bucket that was rebuilt a moment ago waits, so that a backfill does not rebuild it for every batch.
DUE = """
    SELECT series, version, start FROM workspaces_marker AS marker
    WHERE workspace_id = %(workspace)s AND family = ANY(%(families)s) AND grain = %(grain)s
      AND (start >= statement_timestamp() - %(recent)s::interval) = %(is_recent)s
      AND (%(is_recent)s OR NOT EXISTS (
        SELECT FROM rollups_rollup AS row
        WHERE row.workspace_id = marker.workspace_id AND row.series = marker.series
          AND row.version = marker.version AND row.grain = marker.grain
          AND row.start = marker.start AND row.closed_xid IS NULL
          AND row.opened_at > statement_timestamp() - %(pause)s::interval))
      AND NOT EXISTS (
        SELECT FROM rollups_bucketfailure AS failure
        WHERE failure.workspace_id = marker.workspace_id AND failure.series = marker.series
          AND failure.version = marker.version AND failure.grain = marker.grain AND failure.start = marker.start
          AND failure.next_try_at > statement_timestamp())
    GROUP BY start, series, version ORDER BY start DESC, series, version LIMIT %(batch)s"""


def pending(workspace_id: int | None = None) -> int:
    """How many buckets, people and accounts wait to be rebuilt, in one workspace or in all."""
    markers = Marker.unscoped.all() if workspace_id is None else Marker.objects.filter(workspace=workspace_id)
    places: int = markers.values("workspace", *PLACE).distinct().count()
    return places


def sweep(budget: float = 25.0) -> int:
    """Work off what is due in every workspace for at most `budget` seconds; return how many buckets were built.

    The workspaces take turns, a round of batches each, so that one with a backlog does not hold up the
    others. Safe to run anywhere, any number of times at once.
    """
    deadline, pause = time.monotonic() + budget, timedelta(seconds=settings.OLD_BUCKET_PAUSE)
    total, waiting = 0, _workspaces_waiting()
    while waiting and time.monotonic() < deadline:
        built = {workspace_id: _guarded(workspace_id, pause, deadline) for workspace_id in waiting}
        total += sum(built.values())
        waiting = [workspace_id for workspace_id in waiting if built[workspace_id]]
    return total


def _guarded(workspace_id: int, pause: timedelta, deadline: float) -> int:
    """A turn that fails as a whole is tried again by the next sweep, and holds up nobody else."""
    try:
        return _turn(workspace_id, pause, deadline)
    except Exception:
        logger.exception("the turn of workspace %s failed", workspace_id)
        return 0


def settle(workspace_id: int, on_progress: Callable[[int], None] = lambda built: None) -> int:
    """Work off everything that waits in a workspace, old or new, and return how many buckets were built.

    `on_progress` hears the number built by each turn. Buckets that fail, or that other workers hold, stay.
    """
    total = 0
    while built := _turn(workspace_id, timedelta(0), math.inf):
        on_progress(built)
        total += built
    return total


def _turn(workspace_id: int, pause: timedelta, deadline: float) -> int:
    """Take a version change one step on, if there is one, and build a round; return what was done."""
    stepped = versions.advance(workspace_id)
    due = subjects.due(workspace_id)
    # What a crowd of people stands in is built when all of them are resolved, not once for each few.
    is_crowd = sum(map(len, due)) == subjects.BATCH
    built = 0
    # All of them first: an hour that many reach is built once.
    while expanded := causes.expand(workspace_id, moves=not is_crowd):
        built += expanded
        if time.monotonic() > deadline:
            return built
    built += sum(subjects.resolve(some) for some in due)
    queue = Queue(workspace_id, pause, (EVENTS,) if is_crowd else (EVENTS, STATES))
    for batch in queue.recent() if is_crowd else queue.batches():
        if time.monotonic() > deadline:
            return built
        built += build(batch)
    # A step leaves more to do even where nothing was built.
    return built or int(stepped)


@dataclass(frozen=True, slots=True)
class Queue:
    """The buckets of some families that wait in a workspace; an old one rests for `pause` between two rebuilds."""

    workspace_id: int
    pause: timedelta
    families: Sequence[str]

    def batches(self) -> Iterator[list[Bucket]]:
        """Recent buckets first, then old hours; old days and months when no full batch of old hours is left."""
        yield from self.recent()
        for grain in GRAINS:
            due = self._due(grain, is_recent=False)
            yield from _alike(due)
            if len(due) == BATCH:
                return

    def recent(self) -> Iterator[list[Bucket]]:
        """Those of today and yesterday."""
        for grain in GRAINS:
            yield from _alike(self._due(grain, is_recent=True))

    def _due(self, grain: Grain, *, is_recent: bool) -> list[Bucket]:
        terms: dict[str, Any] = {
            "workspace": self.workspace_id,
            "families": list(self.families),
            "grain": grain.value,
            "recent": str(RECENT),
            "is_recent": is_recent,
            "pause": str(self.pause),
            "batch": BATCH,
        }
        with connection.cursor() as cursor:
            cursor.execute(DUE, terms)
            due = cursor.fetchall()
        return sorted(Bucket(self.workspace_id, series, version, grain, start) for series, version, start in due)


def _alike(due: Sequence[Bucket]) -> Iterator[list[Bucket]]:
    """Batches of one series and version each."""
    for _, batch in groupby(due, key=lambda bucket: (bucket.series, bucket.version)):
        yield list(batch)


def _workspaces_waiting() -> list[int]:
    """Those with markers, and those whose new version still has to be made, marked or switched to."""
    waiting = set(Marker.unscoped.values_list("workspace", flat=True).distinct())
    is_known = Q(versions__building={}, versions__current__has_keys=list(SERIES))
    return sorted(waiting | set(Workspace.objects.exclude(is_known).values_list("pk", flat=True)))
