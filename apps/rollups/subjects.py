"""The worker for people and accounts: lock or leave, delete the markers, then read, write, mark what changed."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from apps.audience import groups
from apps.audience.marking import mark_moved, mark_ordinals
from apps.engine.periods import Grain, day_start
from apps.engine.sets import Space
from apps.events import taxonomy
from apps.rollups import listing, primaries, referrals, states, store
from apps.rollups.build.content import STATES, SUBJECTS, lock_key
from apps.rollups.build.states import NOT_ROLLED_UP
from apps.rollups.models import BucketFailure
from apps.rollups.states import Change
from apps.rollups.worker import claim, put_off
from apps.workspaces.models import Workspace

logger = logging.getLogger(__name__)

# As many locks are held at once; PostgreSQL has room for some six thousand.
BATCH = 1000

DUE = """
    SELECT DISTINCT series, subject FROM workspaces_marker AS marker
    WHERE workspace_id = %(workspace)s AND family = %(family)s AND start IS NULL
      AND NOT EXISTS (
        SELECT FROM rollups_bucketfailure AS failure
        WHERE failure.workspace_id = marker.workspace_id AND failure.series = marker.series
          AND failure.subject = marker.subject AND failure.next_try_at > statement_timestamp())
    ORDER BY series, subject LIMIT %(batch)s"""
TAKE = """
    DELETE FROM workspaces_marker
    WHERE workspace_id = %s AND family = %s AND start IS NULL AND series = %s AND subject = ANY(%s)
    RETURNING subject, since"""
MARK_DAYS = """
    COPY workspaces_marker (workspace_id, family, since, key, events, series, version, grain, start) FROM STDIN"""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A user or an account by ordinal: its lock and its markers share this key."""

    workspace_id: int
    space: Space
    ordinal: int

    @property
    def lock_key(self) -> int:
        """What whoever writes its state rows locks."""
        return lock_key(f"{SUBJECTS}:{self.workspace_id}:{self.space}:{self.ordinal}")


def due(workspace_id: int) -> list[list[Subject]]:
    """The next users and the next accounts of whom something was said, at most BATCH together."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"workspace": workspace_id, "family": SUBJECTS, "batch": BATCH})
        found = defaultdict[Space, list[Subject]](list)
        for space, ordinal in cursor.fetchall():
            found[Space(space)].append(Subject(workspace_id, Space(space), ordinal))
    return list(found.values())


def resolve(subjects: Sequence[Subject]) -> int:
    """Bring the state rows of subjects, all of one workspace and space, up to date, and mark what that changes.

    Those that another worker holds are left to it; returns how many were taken. One that fails keeps its
    markers, lets the others pass, and is tried again later, with an alarm after five tries.
    """
    try:
        return _resolve_once(subjects)
    except Exception as error:
        if len(subjects) > 1:
            logger.warning("a batch of %s subjects failed; resolving them one by one: %s", len(subjects), error)
            return sum(resolve([subject]) for subject in subjects)
        one = subjects[0]
        put_off(error, workspace_id=one.workspace_id, series=one.space.value, version=0, subject=one.ordinal)
        return 0


@transaction.atomic
def _resolve_once(subjects: Sequence[Subject]) -> int:
    held = claim(subjects)
    if not held:
        return 0
    first = held[0]
    waited = _take_markers(held)
    if waited:
        since = min(waited.values())
        workspace = Workspace.objects.get(pk=first.workspace_id)
        # An erasure may have rewritten a profile's rule, which this process has in memory.
        store.forget_erased(workspace)
        change = _bring_up_to_date(workspace, first.space, waited.keys(), since)
        _mark_days(workspace.pk, change, since)
        BucketFailure.objects.filter(
            workspace=workspace, series=first.space.value, subject__in=waited.keys()
        ).delete()
    return len(waited)


def _take_markers(held: Sequence[Subject]) -> dict[int, datetime]:
    """Delete the markers of locked subjects; since when each has waited."""
    first = held[0]
    with connection.cursor() as cursor:
        ordinals = [subject.ordinal for subject in held]
        cursor.execute(TAKE, [first.workspace_id, SUBJECTS, first.space.value, ordinals])
        waited: dict[int, datetime] = {}
        for ordinal, since in cursor.fetchall():
            waited[ordinal] = min(since, waited.get(ordinal, since))
    return waited


def _bring_up_to_date(workspace: Workspace, space: Space, ordinals: Collection[int], since: datetime) -> Change:
    """Whoever was merged stands nowhere any more: the survivor does, in a turn and under a lock of its own."""
    survivors = groups.survivors(workspace.pk, space, ordinals)
    canonical = [ordinal for ordinal in ordinals if survivors[ordinal] == ordinal]
    standing = states.standing(workspace, space, canonical)
    change = states.replace(workspace, space, ordinals, standing.states)
    # Not those that went: nobody may stand there any more, least of all somebody who was erased.
    listing.keep_apart(workspace.pk, change.come)
    flagged = groups.flag_internal(workspace.pk, space, standing.internal)
    if space is Space.USER:
        moved = primaries.replace(workspace.pk, ordinals, standing.primaries)
        mark_moved(workspace.pk, flagged | moved, since)
        # After the flags: our own people are nobody's referrals.
        referrals.mark(workspace, referrals.replace(workspace, ordinals, standing.signups), since)
    merged = set(ordinals) - set(canonical)
    mark_ordinals(workspace.pk, space, {survivors[ordinal] for ordinal in merged}, since)
    if space is Space.ACCOUNT:
        accounts = merged | {
            state.subject for state in change.gone | change.come if state.series.startswith("account:trait:")
        }
        members = groups.members(workspace.pk, {survivors[ordinal] for ordinal in accounts})
        mark_ordinals(workspace.pk, Space.USER, members, since)
    return change


def _mark_days(workspace_id: int, change: Change, since: datetime) -> None:
    # Found first: while a COPY runs, another statement on its connection would wait for ever.
    found = _days(workspace_id, change)
    if not found:
        return
    with connection.cursor() as cursor, cursor.copy(MARK_DAYS) as rows:
        for (series, version), starts in found.items():
            for start in starts:
                rows.write_row((workspace_id, STATES, since, "", 1, series, version, Grain.DAY.value, start))


def _days(workspace_id: int, change: Change) -> Mapping[tuple[str, int], set[datetime]]:
    """When the days begin on which somebody moves otherwise than before; the months follow from them."""
    found = defaultdict[tuple[str, int], set[date]](set)
    for series, version, first_day, end_day in change.stretches():
        if series not in NOT_ROLLED_UP:
            found[series, version] |= {first_day} if end_day is None else {first_day, end_day}
    return {
        (series, version): {day_start(day, taxonomy.load(workspace_id, version).zone) for day in moved}
        for (series, version), moved in found.items()
    }
