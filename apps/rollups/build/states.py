"""The traits and balances families: who entered and left a state on a day, and who held it as a month began."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from apps.audience.models import Trait
from apps.engine.definitions import space_of
from apps.engine.expressions import OTHER
from apps.engine.periods import Grain, bucket_end, bucket_start, local_day
from apps.engine.sets import Members
from apps.events.taxonomy import load
from apps.rollups.binary import binary_cursor
from apps.rollups.build.content import Bucket, Built, Content, Facets
from apps.rollups.replay import HELD, Move, replayed

TRAIT = "trait:"
# Memberships are too many to be told apart by account, and are read where they are.
NOT_ROLLED_UP = frozenset({"user:member"})

# A value that is not among the first thousand of its trait is told apart by nothing but the state rows.
FACET = """
    CASE WHEN %(trait)s::bigint IS NULL OR EXISTS (
        SELECT FROM audience_traitvalue AS kept WHERE kept.trait_id = %(trait)s AND kept.value = row.value
    ) THEN row.value ELSE %(other)s END"""
DAYS = f"""
    SELECT found.day, {FACET} AS facet, found.move, array_agg(row.subject)
    FROM (
        SELECT first_day AS day, 'entered' AS move, id FROM rollups_staterow
        WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
          AND first_day = ANY(%(days)s)
        UNION ALL
        SELECT end_day, 'left', id FROM rollups_staterow
        WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
          AND end_day = ANY(%(days)s)
    ) AS found JOIN rollups_staterow AS row USING (id)
    GROUP BY found.day, facet, found.move"""
# The rows that a run of months is composed of: from the latest month before it that has any.
COMPOSED_OF = """
    SELECT grain, start, facets::text, members FROM rollups_rollup
    WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
      AND grain IN ('day', 'month') AND start < %(last)s AND closed_xid IS NULL
      AND start >= coalesce((
        SELECT max(start) FROM rollups_rollup
        WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
          AND grain = 'month' AND start < %(first)s AND closed_xid IS NULL
      ), '-infinity')
    ORDER BY start"""


def composing_lock(workspace_id: int) -> None:
    """Held by whoever composes months until it commits, so that an erasure misses none of what it read."""
    _advisory("pg_advisory_xact_lock_shared", workspace_id)


def rewriting_lock(workspace_id: int) -> None:
    """Held by an erasure from before it looks for the person in rollups until it has rewritten them."""
    _advisory("pg_advisory_xact_lock", workspace_id)


def _advisory(function: str, workspace_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended('months', %s))", [workspace_id])


def days(buckets: Sequence[Bucket]) -> Built:
    """What the state rows say of these days, all of one workspace, series and version."""
    first = buckets[0]
    zone = load(first.workspace_id, first.version).zone
    starts = {local_day(bucket.start, zone): bucket.start for bucket in buckets}
    space, rows = space_of(first.series), defaultdict[datetime, dict[Facets, Content]](dict)
    for day, value, kind, subjects in _moved(first, list(starts)):
        rows[starts[day]][_facets(kind, value)] = Content.of(Members.of(space, subjects), None)
    return rows


def months(buckets: Sequence[Bucket]) -> Built:
    """What the stored days, and the months before, say of these months, all of one workspace, series and version.

    A month has rows once it has begun, where somebody moved in the month before it, so that the last day of a
    whole month needs no replay; for any other day the latest month that has rows is as good.
    """
    first, space = buckets[0], space_of(buckets[0].series)
    zone = load(first.workspace_id, first.version).zone
    composing_lock(first.workspace_id)
    starts, at = sorted(bucket.start for bucket in buckets), database_clock()
    held, moves = _composed_of(first, starts)
    built: dict[datetime, dict[Facets, Content]] = {}
    for start in starts:
        since = max((month for month in held if month < start), default=None)
        begins = 0 if since is None else bisect_left(moves, since, key=_start)
        recent = moves[begins : bisect_left(moves, start, key=_start)]
        if start <= at and recent and bucket_end(recent[-1].start, Grain.MONTH, zone) == start:
            holders = replayed(space, [*(held[since] if since else ()), *recent])
            held[start] = [Move(start, HELD, value, members) for value, members in holders.items()]
            built[start] = {_facets(HELD, value): Content.of(members, None) for value, members in holders.items()}
    return built


def database_clock() -> datetime:
    """One clock for all workers: two that differ would not agree on which months have begun."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
        return at  # type: ignore[no-any-return]


def months_after(bucket: Bucket, at: datetime) -> list[datetime]:
    """The months that a day or a month may change: of a day its own, which may have no rows yet, and of both all
    that have begun since. None that is still to come, whose beginning everything until then may change."""
    zone = load(bucket.workspace_id, bucket.version).zone
    month = bucket_start(bucket.start, Grain.MONTH, zone)
    if bucket.grain is Grain.MONTH:
        month = bucket_end(month, Grain.MONTH, zone)
    found = []
    while month <= at:
        found.append(month)
        month = bucket_end(month, Grain.MONTH, zone)
    return found


def _composed_of(first: Bucket, starts: Sequence[datetime]) -> tuple[dict[datetime, list[Move]], list[Move]]:
    """Who held what as the months began that are not to be built, and all moves, in order of time."""
    space = space_of(first.series)
    held, moves = defaultdict[datetime, list[Move]](list), list[Move]()
    place = _place(first) | {"first": starts[0], "last": starts[-1]}
    with binary_cursor() as cursor:
        cursor.execute(COMPOSED_OF, place)
        for grain, start, text, members in cursor.fetchall():
            facets = json.loads(text)
            move = Move(start, facets["move"], facets["value"], Members.load(space, members))
            if grain == Grain.DAY:
                moves.append(move)
            elif start not in starts:
                held[start].append(move)
    return held, moves


def _start(move: Move) -> datetime:
    return move.start


def _facets(kind: str, value: str) -> Facets:
    return ("move", kind), ("value", value)


def _moved(like: Bucket, on: list[date]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(DAYS, _place(like) | {"days": on, "trait": _trait_id(like), "other": OTHER})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _place(bucket: Bucket) -> dict[str, Any]:
    return {"workspace": bucket.workspace_id, "version": bucket.version, "series": bucket.series}


def _trait_id(like: Bucket) -> int | None:
    space, _, name = like.series.partition(":")
    if not name.startswith(TRAIT):
        return None
    known = Trait.objects.filter(workspace=like.workspace_id, space=space, name=name.removeprefix(TRAIT))
    return known.values_list("pk", flat=True).first()
