"""Referrals from the raw events that tell of them, and series from the table that referrals are kept in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.audience.referrals import Attribution, Referrer
from apps.audience.stitching import USER_OF_EVENT
from apps.events import corrections
from apps.events.corrections import Reads
from apps.events.taxonomy import ATTRIBUTED, Taxonomy
from apps.rollups.build.columns import column
from apps.rollups.build.content import Between

# Whoever an event names is referred, or else whoever it is of. Whoever it names refers them; of an event that
# names somebody else than its user, that user does.
TOLD = SQL(f"""
    WITH person AS MATERIALIZED (
        SELECT id, counts_as FROM audience_productuser
        WHERE workspace_id = {{workspace}} AND counts_as = ANY({{ordinals}})
    ), told AS (
        SELECT person.counts_as AS whom, event.id
        FROM person JOIN events_event AS event ON event.referred_id = person.id
        WHERE event.definition_id = ANY({{definitions}})
        UNION ALL
        SELECT person.counts_as, event.id
        FROM person JOIN events_event AS event ON event.user_id = person.id
        WHERE event.definition_id = ANY({{definitions}}) AND event.referred_id IS NULL
        UNION ALL
        SELECT person.counts_as, event.id
        FROM events_event AS event JOIN person ON person.id = {USER_OF_EVENT}
        WHERE event.workspace_id = {{workspace}} AND event.user_id IS NULL AND event.referred_id IS NULL
          AND event.definition_id = ANY({{definitions}}) AND event.anonymous_id IN (
            SELECT alias.anonymous_id FROM audience_identityalias AS alias
            JOIN person ON person.id = alias.user_id)
    )
    SELECT told.whom, event.definition_id, event.occurred_at, event.message_key, event.referrer, (
        SELECT counts_as FROM audience_productuser AS one
        WHERE one.workspace_id = event.workspace_id AND one.external_id = event.referrer
    ), CASE WHEN event.referrer IS NULL AND event.referred_id IS NOT NULL THEN (
        SELECT counts_as FROM audience_productuser WHERE id = {USER_OF_EVENT}
    ) END, {{kind}}, {{campaign}}, {{source_channel}}, event.link
    FROM told JOIN {{events}} AS event ON event.id = told.id""")
FACETS = ("kind", "campaign", "source_channel")

HOURS = SQL("""
    SELECT bucket.start, referral.subject, 1 {facets}
    FROM unnest({starts}::timestamptz[], {stops}::timestamptz[]) AS bucket (start, stop)
    CROSS JOIN LATERAL (
        SELECT * FROM rollups_referral
        WHERE workspace_id = {workspace} AND version = {version}
          AND signed_up_at >= bucket.start AND signed_up_at < bucket.stop
        -- Keeps the planner from comparing every referral with every bucket.
        OFFSET 0
    ) AS referral""")
# By which facets the series is told apart that the table names otherwise.
NAMES = {"referral_kind": "kind"}

LED = SQL("""CASE WHEN EXISTS (
    SELECT FROM rollups_referral AS led
    WHERE led.workspace_id = event.workspace_id AND led.version = {version} AND led.link = event.link
      AND led.signed_up_at >= event.occurred_at AND led.signed_up_at < event.occurred_at + {within}
) THEN '[{{"signed_up": "true"}}]' END""")


@dataclass(slots=True)
class Told:
    """What was said of a person: by what they were referred, and by whom they were not."""

    attributions: list[Attribution] = field(default_factory=list)
    rejected: set[Referrer] = field(default_factory=set)


def told(workspace_id: int, meanings: Taxonomy, ordinals: Sequence[int]) -> Mapping[int, Told]:
    """What everything committed by now says of canonical users, by ordinal, under a taxonomy version."""
    definitions = meanings.referrals()
    found = defaultdict[int, Told](Told)
    if not definitions:
        return found
    statement = TOLD.format(
        workspace=Literal(workspace_id),
        ordinals=Literal(list(ordinals)),
        definitions=Literal(list(definitions)),
        events=corrections.reads(workspace_id)(Identifier("events_event")),
        **{name: column(name, definitions) for name in FACETS},
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for whom, definition_id, at, key, named, canonical, own, *said in cursor.fetchall():
            referrer = own if named is None else named if canonical is None else canonical
            if definitions[definition_id].kind == ATTRIBUTED:
                found[whom].attributions.append(Attribution(at, key, referrer, *said))
            else:
                found[whom].rejected.add(referrer)
    return found


def within(
    workspace_id: int, version: int, facets: Sequence[str], stretches: Sequence[Between]
) -> list[tuple[Any, ...]]:
    """(start of a stretch, ordinal, 1, value of each facet) of whoever signed up by a referral."""
    columns = [SQL(", referral.{}").format(Identifier(NAMES.get(facet, facet))) for facet in facets]
    statement = HOURS.format(
        facets=SQL("").join(columns),
        starts=Literal([start for start, _ in stretches]),
        stops=Literal([stop for _, stop in stretches]),
        workspace=Literal(workspace_id),
        version=Literal(version),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@dataclass(frozen=True, slots=True)
class Led:
    """The sign-ups that a message led to, by the referrals of a version."""

    version: int
    within: timedelta

    def column(self, _reads: Reads) -> Composable:
        """That it led to any, as JSON, or null for none: the table was written with corrections read already."""
        return LED.format(version=Literal(self.version), within=Literal(self.within))
