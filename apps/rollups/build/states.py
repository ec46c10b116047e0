"""The traits and balances families: who entered and left a state on a day, and who held it as a month began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from apps.audience.models import Trait
from apps.engine.definitions import space_of
from apps.engine.expressions import OTHER
from apps.engine.periods import Grain, day_start, days_later, local_day
from apps.engine.sets import Members
from apps.events.taxonomy import load
from apps.rollups.build.content import Bucket, Built, Content, Facets

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
# A month has rows where something changed in it or in the one before, so that a whole month's last day needs
# no replay; for any other day the latest month that has rows is as good.
MONTHS = f"""
    SELECT month.day, held.facet, 'held', held.subjects
    FROM unnest(%(days)s::date[]) AS month (day) CROSS JOIN LATERAL (
        SELECT {FACET} AS facet, array_agg(row.subject) AS subjects
        FROM rollups_staterow AS row
        WHERE workspace_id = %(workspace)s AND version = %(version)s AND series = %(series)s
          AND first_day < month.day AND (end_day IS NULL OR end_day >= month.day)
          AND (EXISTS (
            SELECT FROM rollups_staterow WHERE workspace_id = %(workspace)s AND version = %(version)s
              AND series = %(series)s AND first_day >= month.day - interval '1 month'
              AND first_day < month.day + interval '1 month'
          ) OR EXISTS (
            SELECT FROM rollups_staterow WHERE workspace_id = %(workspace)s AND version = %(version)s
              AND series = %(series)s AND end_day >= month.day - interval '1 month'
              AND end_day < month.day + interval '1 month'
          ))
        GROUP BY facet
        -- One month after the other: each goes by the index.
        OFFSET 0
    ) AS held"""


def build(buckets: Sequence[Bucket]) -> Built:
    """What the state rows say of these days or months, all of one workspace, series, version and grain."""
    first = buckets[0]
    zone = load(first.workspace_id, first.version).zone
    days = {local_day(bucket.start, zone): bucket.start for bucket in buckets}
    found = _read(first, DAYS if first.grain is Grain.DAY else MONTHS, list(days))
    space, rows = space_of(first.series), defaultdict[datetime, dict[Facets, Content]](dict)
    for day, value, move, subjects in found:
        facets = (("move", move), ("value", value))
        rows[days[day]][facets] = Content.of(Members.of(space, subjects), None)
    return rows


# Most of what a batch of people stands in began on the same few days.
@lru_cache(maxsize=2**14)
def changed_buckets(
    stretch: tuple[date, date | None], zone: str, today: date
) -> frozenset[tuple[Grain, datetime]]:
    """The buckets that a stretch of a state, come or gone, reaches: its two days, and every month it touches.

    The months are those that begin in it, and those that may have no rows but for its days; none that is still
    to come, whose beginning everything that is said until then may change.
    """
    first, end = stretch
    until = today if end is None else min(today, next_month(end))
    months = [month for month in _months(first, until) if month <= today]
    days = [first] if end is None else [first, end]
    return frozenset(
        [
            *((Grain.DAY, day_start(day, zone)) for day in days),
            *((Grain.MONTH, day_start(month, zone)) for month in months),
        ]
    )


def next_month(day: date) -> date:
    """The first day of the month after a day's."""
    return days_later(day.replace(day=1), 31).replace(day=1)


def _months(first: date, last: date) -> list[date]:
    months = [first.replace(day=1)]
    while (following := next_month(months[-1])) <= last:
        months.append(following)
    return months


def _read(like: Bucket, statement: str, days: list[date]) -> list[tuple[Any, ...]]:
    place: dict[str, Any] = {"workspace": like.workspace_id, "version": like.version, "series": like.series}
    with connection.cursor() as cursor:
        cursor.execute(statement, place | {"days": days, "trait": _trait_id(like), "other": OTHER})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _trait_id(like: Bucket) -> int | None:
    space, _, name = like.series.partition(":")
    if not name.startswith(TRAIT):
        return None
    known = Trait.objects.filter(workspace=like.workspace_id, space=space, name=name.removeprefix(TRAIT))
    return known.values_list("pk", flat=True).first()
