"""What was said of stored events afterwards: events as they were corrected, without those that were voided.

A correction may come before what it corrects, so it is looked up when events are read, not when they are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from django.db import connection
from psycopg.sql import SQL, Composable

from apps.events.models import Event
from apps.events.rows import CORRECTABLE

Reads: TypeAlias = Callable[[Composable], Composable]
"""From rows of events_event, in SQL, to what they count as."""

# In order, so that the planner goes by the index: of many it would hope to meet one soon in the whole table.
ANY = "SELECT 1 FROM events_event WHERE workspace_id = %s AND corrects IS NOT NULL ORDER BY corrects LIMIT 1"
# The last of the values that were said. A retraction names the action: it says of a share that it was a mistake,
# and what else it says is about itself.
LAST = """(array_agg(correction.{name} ORDER BY correction.occurred_at DESC, correction.message_key DESC)
    FILTER (WHERE correction.{name} IS NOT NULL{of_message}))[1] AS {name}"""
OF_MESSAGE = " AND correction.corrects = stored.message_key"
# What mappings of the target's definition may read: a text that is empty says nothing.
PROPERTIES = """stored.properties || coalesce((
    SELECT jsonb_object_agg(said.key, said.value ORDER BY correction.occurred_at, correction.message_key)
    FROM events_event AS correction CROSS JOIN LATERAL jsonb_each(correction.properties) AS said
    WHERE correction.workspace_id = stored.workspace_id AND correction.corrects = stored.message_key
      AND said.value NOT IN ('null', '""')), '{}') AS properties"""
# What is not asked for the planner leaves out.
CORRECTED = SQL("""(
    SELECT {columns} FROM {stored} AS stored LEFT JOIN LATERAL (
        SELECT bool_or(correction.voids) AS voids, {said} FROM events_event AS correction
        WHERE correction.workspace_id = stored.workspace_id
          AND correction.corrects IN (stored.message_key, stored.action_key)
    ) AS said ON true
    WHERE said.voids IS NOT TRUE)""")
# Without OFFSET 0 it might become a join with all corrections of all tenants.
NOT_VOIDED = """NOT EXISTS (
    SELECT FROM events_event AS correction
    WHERE correction.workspace_id = event.workspace_id AND correction.corrects = event.message_key
      AND correction.voids OFFSET 0)"""

TARGETS = """
    SELECT event.definition_id, person.counts_as, account.counts_as, referred.counts_as,
        CASE WHEN event.user_id IS NULL THEN event.anonymous_id END, event.link, event.session
    FROM (
        SELECT * FROM events_event WHERE workspace_id = %(workspace)s AND message_key = ANY(%(keys)s::uuid[])
        UNION ALL
        SELECT * FROM events_event WHERE workspace_id = %(workspace)s AND action_key = ANY(%(keys)s::uuid[])
    ) AS event
    LEFT JOIN audience_productuser AS person ON person.id = event.user_id
    LEFT JOIN audience_account AS account ON account.id = event.account_id
    LEFT JOIN audience_productuser AS referred ON referred.id = event.referred_id"""


def reads(workspace_id: int) -> Reads:
    """How the events of a workspace are read: where nothing corrects any of them, as they were sent."""
    with connection.cursor() as cursor:
        cursor.execute(ANY, [workspace_id])
        return as_sent if cursor.fetchone() is None else corrected


def as_sent(stored: Composable) -> Composable:
    """The rows as they are."""
    return stored


def corrected(stored: Composable) -> Composable:
    """The rows with the last values that were said of them, without those that were voided."""
    said = ", ".join(
        LAST.format(name=name, of_message="" if name == "is_error" else OF_MESSAGE) for name in CORRECTABLE
    )
    columns = ", ".join(_column(str(field.column)) for field in Event._meta.concrete_fields)  # noqa: SLF001
    return CORRECTED.format(columns=SQL(columns), stored=stored, said=SQL(said))


def _column(name: str) -> str:
    if name == "properties":
        return PROPERTIES
    return f"coalesce(said.{name}, stored.{name}) AS {name}" if name in CORRECTABLE else f"stored.{name}"


@dataclass(frozen=True, slots=True)
class Target:
    """An event that is corrected: whose it is, by ordinal or anonymous id, and what it may have in common.

    `referred` is the user, by ordinal, whom it names as referred.
    """

    definition_id: int
    user: int | None
    account: int | None
    referred: int | None
    anonymous_id: str | None
    keys: Mapping[str, str | None]


def targets(workspace_id: int, keys: Collection[str]) -> list[Target]:
    """The events of these keys, of messages or of actions, that are stored."""
    with connection.cursor() as cursor:
        cursor.execute(TARGETS, {"workspace": workspace_id, "keys": list(keys)})
        return [
            Target(definition, user, account, referred, anonymous_id, {"link": link, "session": session})
            for definition, user, account, referred, anonymous_id, link, session in cursor.fetchall()
        ]
