"""The worker: take the lock or leave, delete the markers, then rebuild, write, commit (RELIABILITY section 2)."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction
from django.utils import timezone

from apps.engine.definitions import Merge
from apps.engine.periods import Grain
from apps.rollups import restating
from apps.rollups.build import events, states
from apps.rollups.build.content import Bucket, Built, merge_of, version_key
from apps.rollups.compose import composed, wholes
from apps.rollups.marking import Waiting, mark
from apps.rollups.models import BucketFailure
from apps.rollups.writing import write

logger = logging.getLogger(__name__)

# One statement: each takes its time of a small batch. A build that fails takes back what this has done.
TAKE = """
    WITH forgotten AS (
        DELETE FROM rollups_bucketfailure
        WHERE workspace_id = %(workspace)s AND series = %(series)s AND version = %(version)s
          AND grain = %(grain)s AND start = ANY(%(starts)s)
    )
    DELETE FROM workspaces_marker
    WHERE workspace_id = %(workspace)s AND family = %(family)s AND grain = %(grain)s
      AND series = %(series)s AND version = %(version)s AND start = ANY(%(starts)s)
    RETURNING start, events, since, EXISTS (
        SELECT FROM workspaces_workspace WHERE id = %(workspace)s AND %(version)s IN (
            (versions -> 'current' ->> %(key)s)::int, (versions -> 'building' ->> %(key)s)::int
        )
    )"""

ALARM_AFTER = 5
LONGEST_PAUSE = timedelta(minutes=5)


class Locked(Protocol):
    """Something that one worker at a time works on."""

    @property
    def lock_key(self) -> int: ...


AnyLocked = TypeVar("AnyLocked", bound=Locked)


def build(buckets: Sequence[Bucket]) -> int:
    """Rebuild buckets, all of one series, version and grain, each whole and exactly as the stored events say.

    Buckets that another worker holds are left to it. Returns how many were taken. A bucket that cannot be
    built keeps its markers, lets the others pass, and is tried again later, with an alarm after five tries.
    """
    try:
        return _build_once(buckets)
    except Exception as error:
        if len(buckets) > 1:
            logger.warning("a batch of %s buckets failed; building them one by one: %s", len(buckets), error)
            return sum(build([bucket]) for bucket in buckets)
        put_off(error, **dataclasses.asdict(buckets[0]))
        return 0


@transaction.atomic
def _build_once(buckets: Sequence[Bucket]) -> int:
    held = claim(buckets)
    waiting, is_in_use = take_markers(held)
    due = [bucket for bucket in held if bucket in waiting]
    if due and is_in_use:
        changed = write(due, rebuild(due))
        restating.note(changed)
        mark_wholes({bucket: waiting[bucket] for bucket in changed}, set(due))
    return len(due)


def claim(wanted: Sequence[AnyLocked]) -> list[AnyLocked]:
    """The buckets or subjects whose locks this transaction now holds; none is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place, pg_try_advisory_xact_lock(key)"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS lock (key, place)",
            [[one.lock_key for one in wanted]],
        )
        return [wanted[place - 1] for place, held in cursor.fetchall() if held]


def take_markers(held: Sequence[Bucket]) -> tuple[dict[Bucket, Waiting], bool]:
    """Delete the markers of locked buckets. Must come before the reading: what commits later keeps its marker.

    Returns what waited, and whether answers are read from the buckets' version, or will be once it is built.
    """
    if not held:
        return {}, False
    first, starts = held[0], {bucket.start: bucket for bucket in held}
    place: dict[str, Any] = {
        "workspace": first.workspace_id,
        "family": first.family,
        "series": first.series,
        "version": first.version,
        "grain": first.grain.value,
        "starts": list(starts),
        "key": version_key(first.series),
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, place)
        taken = cursor.fetchall()
    waiting = added_up((starts[start], Waiting(events, since)) for start, events, since, _ in taken)
    return waiting, any(is_in_use for *_, is_in_use in taken)


def added_up(waiting: Iterable[tuple[Bucket, Waiting]]) -> dict[Bucket, Waiting]:
    """What waits behind each bucket, of which something may be told more than once."""
    found: dict[Bucket, Waiting] = {}
    for bucket, more in waiting:
        known = found.get(bucket, Waiting(0, more.since))
        found[bucket] = Waiting(known.events + more.events, min(known.since, more.since))
    return found


def rebuild(buckets: Sequence[Bucket]) -> Built:
    """The content of these buckets as everything committed by now says."""
    grain = buckets[0].grain
    if merge_of(buckets[0].series) is Merge.LAST:
        return states.days(buckets) if grain is Grain.DAY else states.months(buckets)
    return events.hours(buckets) if grain is Grain.HOUR else composed(buckets)


def mark_wholes(changed: Mapping[Bucket, Waiting], built: Collection[Bucket]) -> None:
    """Mark what is composed of each changed bucket, with what waits behind it, unless it was built with it."""
    waiting = added_up((whole, changed[part]) for part, whole in wholes(list(changed)))
    mark({whole: some for whole, some in waiting.items() if whole not in built})


def put_off(error: Exception, **place: object) -> None:
    """Count a failed try, in a transaction of its own: the one that failed took its own record along."""
    failure, _ = BucketFailure.objects.get_or_create(**place, defaults={"next_try_at": timezone.now()})
    failure.attempts += 1
    failure.error = f"{type(error).__name__}: {error}"
    failure.next_try_at = timezone.now() + min(timedelta(seconds=2**failure.attempts), LONGEST_PAUSE)
    failure.save()
    is_poison = failure.attempts >= ALARM_AFTER
    level = logging.CRITICAL if is_poison else logging.WARNING
    logger.log(level, "%s failed %s times: %s", place, failure.attempts, failure.error, exc_info=is_poison)
