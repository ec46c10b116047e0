"""Which hours have an event that feeds a series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.engine.periods import Grain, bucket_end, bucket_start
from apps.events.taxonomy import Taxonomy

STEP = timedelta(minutes=15)

ALL = """
    SELECT DISTINCT date_bin(%(step)s::interval, occurred_at, 'epoch') FROM events_event
    WHERE workspace_id = %(workspace)s AND definition_id = ANY(%(definitions)s)"""
# Each branch goes by an index of its own.
OF_THESE = """
    SELECT DISTINCT date_bin(%(step)s::interval, occurred_at, 'epoch') FROM (
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND user_id = ANY(%(users)s)
        UNION ALL
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND anonymous_id = ANY(%(visits)s) AND user_id IS NULL
        UNION ALL
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND account_id = ANY(%(accounts)s)
        UNION ALL
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND link = ANY(%(links)s)
        UNION ALL
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND message_key = ANY(%(corrected)s::uuid[])
        UNION ALL
        SELECT occurred_at, definition_id FROM events_event
        WHERE workspace_id = %(workspace)s AND action_key = ANY(%(corrected)s::uuid[])
        UNION ALL
        -- Nearly all sessions begin once and hold no share: they are as they were counted.
        SELECT occurred_at, definition_id FROM events_event AS event
        WHERE workspace_id = %(workspace)s AND session = ANY(%(sessions)s) AND EXISTS (
            -- Without OFFSET 0, and by any other index, it would be all with all.
            SELECT FROM (SELECT * FROM events_event WHERE session = event.session OFFSET 0) AS other
            WHERE other.workspace_id = event.workspace_id AND other.definition_id = ANY(%(joining)s)
              AND other.id <> event.id)
    ) AS event
    WHERE definition_id = ANY(%(definitions)s)"""


def of_all(workspace_id: int, meanings: Taxonomy, series: str) -> set[datetime]:
    """The hour buckets that have an event which feeds the series under these meanings, by their first instants."""
    return _hours(ALL, workspace_id, meanings, {"definitions": list(meanings.feeders(series))})


@dataclass(frozen=True, slots=True)
class Whose:
    """Users and accounts, by primary key, anonymous ids, sessions and links, whose events are looked for.

    `corrected` are the keys of messages and of actions, which are those events themselves.
    """

    users: Sequence[int] = ()
    visits: Sequence[str] = ()
    accounts: Sequence[int] = ()
    sessions: Sequence[str] = ()
    links: Sequence[str] = ()
    corrected: Sequence[str] = ()


def of(workspace_id: int, meanings: Taxonomy, series: str, whose: Whose) -> set[datetime]:
    """The same for the events of some."""
    if not any((whose.users, whose.visits, whose.accounts, whose.sessions, whose.links, whose.corrected)):
        return set()
    chosen = {
        "definitions": list(meanings.feeders(series)),
        "users": list(whose.users),
        "visits": list(whose.visits),
        "accounts": list(whose.accounts),
        "links": list(whose.links),
        "sessions": list(whose.sessions),
        "corrected": list(whose.corrected),
        "joining": list(meanings.joining("session")),
    }
    return _hours(OF_THESE, workspace_id, meanings, chosen)


def _hours(statement: str, workspace_id: int, meanings: Taxonomy, chosen: dict[str, Any]) -> set[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"step": str(STEP), "workspace": workspace_id, **chosen})
        return {start for (step,) in cursor.fetchall() for start in _touched(step, meanings.zone)}


def _touched(step: datetime, zone: str) -> Iterator[datetime]:
    """The hour buckets that a quarter of an hour touches: one, but for zones that change in its middle."""
    start = bucket_start(step, Grain.HOUR, zone)
    while start < step + STEP:
        yield start
        start = bucket_end(start, Grain.HOUR, zone)
