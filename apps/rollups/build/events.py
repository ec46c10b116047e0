"""The events family: an hour's rows, from the raw events of that hour."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.audience.stitching import USER_OF_EVENT
from apps.engine.definitions import Link, Series, kind_of
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, bucket_end
from apps.engine.sets import Members, Space
from apps.events import corrections
from apps.events.corrections import Reads
from apps.events.taxonomy import (
    FIRST_OF,
    IN_SESSION,
    INTERACTION,
    IS_DEFINED,
    IS_LINKED,
    MESSAGES,
    PROMPTS,
    REFERRED,
    SERIES,
    SHARES,
    Meaning,
    Taxonomy,
    load,
)
from apps.rollups.build import referrals
from apps.rollups.build.columns import column
from apps.rollups.build.content import DREW, Between, Bucket, Built, Content, Facets

HOURS = SQL("""
    SELECT done.start, {ordinal}, done.times {names}
    FROM (
        SELECT bucket.start, event.who, count(*) AS times {columns}
        FROM unnest({starts}::timestamptz[], {stops}::timestamptz[]) AS bucket (start, stop)
        CROSS JOIN LATERAL (
            SELECT *, {who} AS who FROM {events} AS event
            WHERE event.workspace_id = {workspace} AND event.definition_id = ANY({definitions})
              AND event.occurred_at >= bucket.start AND event.occurred_at < bucket.stop
              AND {valid}
            -- Keeps the planner from reading the workspace once and comparing every event with every bucket.
            OFFSET 0
        ) AS event
        WHERE event.who IS NOT NULL
        GROUP BY bucket.start, event.who {names}
    ) AS done""")
# The events with the same key as one. OFFSET 0: by any other index it would be all with all.
SAME = SQL("(SELECT * FROM events_event WHERE {key} = event.{key} OFFSET 0)")
# What an event drew, as JSON: the facets of each, once; null for nothing.
DRAWN = SQL("""(
    SELECT jsonb_agg(DISTINCT jsonb_build_object({facets}))::text FROM {same}
    WHERE drawn.workspace_id = event.workspace_id
      AND drawn.definition_id = ANY({definitions}) AND {valid}
      AND drawn.occurred_at >= event.occurred_at AND drawn.occurred_at < event.occurred_at + {within})""")

# Whether an event may have been drawn by one that came before it: that one's reach, seen from its end.
LINKED = SQL("""EXISTS (
    SELECT FROM {same}
    WHERE earlier.workspace_id = event.workspace_id AND earlier.definition_id = ANY({definitions}) AND {valid}
      AND earlier.occurred_at <= event.occurred_at
      AND earlier.occurred_at > event.occurred_at - {within})::text""")

# The first by time, then by a key that does not tell in which order they came.
FIRST = SQL("""({valid}) AND (event.{key} IS NULL OR NOT EXISTS (
    SELECT FROM {same}
    WHERE earlier.workspace_id = event.workspace_id AND earlier.definition_id = ANY({definitions})
      AND (earlier.occurred_at, earlier.message_key) < (event.occurred_at, event.message_key)))""")

# By the primary key that many events share, rather than event by event.
ORDINAL_OF_USER = "(SELECT counts_as FROM audience_productuser WHERE id = done.who)"
# An event's account, or else the primary one of its user at that instant (KPIS.md G8), by ordinal. What our own
# people did in an account is left out here: of an account's row nobody could subtract them.
ACCOUNT_OF_EVENT = f"""(
    SELECT coalesce(
        (SELECT counts_as FROM audience_account WHERE id = event.account_id),
        (SELECT account FROM rollups_primaryaccount AS stay
         WHERE stay.workspace_id = event.workspace_id AND stay.subject = person.counts_as
           AND stay.since <= event.occurred_at AND (stay.until IS NULL OR stay.until > event.occurred_at)))
    FROM audience_productuser AS person WHERE person.id = {USER_OF_EVENT} AND NOT person.is_internal)"""

# A share that failed or was a mistake never counts; one that is retracted later still does (KPIS.md A). A message
# counts once it was sent, bounced or not, a prompt that nobody could see was not shown, and what a prompt does by
# itself is no interaction with it (KPIS.md B).
VALID = {
    SHARES.name: "{event}.is_error IS NOT TRUE AND coalesce({status}, '') NOT IN ('failed', 'cancelled')",
    MESSAGES.name: "coalesce({status}, 'sent') IN ('sent', 'delivered', 'bounced')",
    PROMPTS.name: "{event}.viewable IS NOT FALSE",
    INTERACTION.kind: "{kind} IN ('click', 'hover', 'expand', 'accept', 'decline', 'dismiss')",
}
FLAGS = frozenset({"customized"})

# Of an event: whose it is, and the ordinal of that.
WHOSE = {Space.USER: (USER_OF_EVENT, ORDINAL_OF_USER), Space.ACCOUNT: (ACCOUNT_OF_EVENT, "done.who")}


def hours(buckets: Sequence[Bucket]) -> Built:
    """What the raw events say of these hours, all of one workspace, series and version."""
    first = buckets[0]
    meanings = load(first.workspace_id, first.version)
    starts = [bucket.start for bucket in buckets]
    stretches = [(start, bucket_end(start, Grain.HOUR, meanings.zone)) for start in starts]
    return told(first.workspace_id, SERIES[first.series], meanings, stretches)


def told(workspace_id: int, series: Series, meanings: Taxonomy, stretches: Sequence[Between]) -> Built:
    """What the raw events, or referrals read off them, say of a series, of each stretch by its first instant."""
    if series.name == REFERRED.name:
        found = referrals.within(workspace_id, meanings.version, series.own_facets, stretches)
        return _contents(series, found)
    counted = Counted(
        workspace_id,
        kind_of(series.name),
        meanings.feeders(series.name),
        series.own_facets,
        series.space,
        tuple(meanings.share_kinds),
        _drawn(series, meanings),
        FIRST_OF.get(kind_of(series.name)),
        meanings.feeders(PROMPTS.name) if IS_LINKED in series.own_facets else {},
    )
    return _contents(series, counted.within(stretches))


def _drawn(series: Series, meanings: Taxonomy) -> Drawn | referrals.Led | None:
    if series.link is None:
        return None
    if series.link.kind == REFERRED.name:
        return referrals.Led(meanings.version, series.link.within)
    return Drawn(series.link, meanings.drawn(series.name))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the events of a series may draw, and the definitions of such."""

    link: Link
    feeders: Mapping[int, Meaning]

    def column(self, reads: Reads) -> Composable:
        """What an event drew, as JSON, or null for nothing."""
        facets = [
            part for facet in self.link.facets for part in (Literal(facet), column(facet, self.feeders, "drawn"))
        ]
        return DRAWN.format(
            facets=SQL(", ").join(facets),
            same=_same(self.link.key, "drawn", reads),
            definitions=Literal(list(self.feeders)),
            valid=_valid(self.link.kind, self.feeders, "drawn"),
            within=Literal(self.link.within),
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of some definitions, told apart by facets: those that count by the rule of a kind of event.

    They count for the users who did them, or for the accounts that they are of; `drawn` is what they may draw. Of
    those with the same key `first_of` only the first counts. `prompts` are what may have drawn them.
    """

    workspace_id: int
    kind: str
    feeders: Mapping[int, Meaning]
    facets: Sequence[str]
    space: Space = Space.USER
    share_kinds: Sequence[tuple[str, str]] = ()
    drawn: Drawn | referrals.Led | None = None
    first_of: str | None = None
    prompts: Mapping[int, Meaning] = field(default_factory=dict)

    def within(self, stretches: Sequence[Between]) -> list[tuple[Any, ...]]:
        """(start of a stretch, ordinal, how often, value of each facet), as what is committed says.

        What was drawn is the last value.
        """
        reads = corrections.reads(self.workspace_id)
        facets = [(Identifier(f"facet_{facet}"), self._facet(facet, reads)) for facet in self.facets]
        if self.drawn:
            facets.append((Identifier(DREW), self.drawn.column(reads)))
        who, ordinal = map(SQL, WHOSE[self.space])
        statement = HOURS.format(
            ordinal=ordinal,
            names=SQL("").join(SQL(", {}").format(name) for name, _ in facets),
            columns=SQL("").join(SQL(", {} AS {}").format(column, name) for name, column in facets),
            starts=Literal([start for start, _ in stretches]),
            stops=Literal([stop for _, stop in stretches]),
            events=reads(Identifier("events_event")),
            workspace=Literal(self.workspace_id),
            definitions=Literal(list(self.feeders)),
            who=who,
            valid=self._counting(reads),
        )
        with connection.cursor() as cursor:
            cursor.execute(statement)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _counting(self, reads: Reads) -> Composable:
        valid = _valid(self.kind, self.feeders)
        if self.first_of is None:
            return valid
        key, same = Identifier(self.first_of), _same(self.first_of, "earlier", reads)
        return FIRST.format(valid=valid, key=key, same=same, definitions=Literal(list(self.feeders)))

    def _facet(self, name: str, reads: Reads) -> Composable:
        if name in FLAGS:
            return SQL("event.{}::text").format(Identifier(name))
        if name == IN_SESSION:
            return SQL("(event.session IS NOT NULL)::text")
        if name == IS_LINKED:
            return self._is_linked(reads)
        if name != IS_DEFINED:
            return column(name, self.feeders)
        defined = [
            SQL("({}, {})").format(Literal(share_type), Literal(channel))
            for share_type, channel in self.share_kinds
        ]
        if not defined:
            return SQL("'false'")
        columns = [column(name, self.feeders) for name in ("share_type", "channel")]
        return SQL("coalesce(({}) IN ({}), false)::text").format(SQL(", ").join(columns), SQL(", ").join(defined))

    def _is_linked(self, reads: Reads) -> Composable:
        return LINKED.format(
            same=_same(INTERACTION.key, "earlier", reads),
            definitions=Literal(list(self.prompts)),
            valid=_valid(PROMPTS.name, self.prompts, "earlier"),
            within=Literal(INTERACTION.within),
        )


def _valid(kind: str, feeders: Mapping[int, Meaning], event: str = "event") -> Composable:
    """Which events of a kind count at all; of any other kind all do."""
    return SQL(VALID.get(kind, "true")).format(
        event=Identifier(event),
        status=column("status", feeders, event),
        kind=column("kind", feeders, event),
    )


def _same(key: str, alias: str, reads: Reads) -> Composable:
    return SQL("{} AS {}").format(reads(SAME.format(key=Identifier(key))), Identifier(alias))


def _contents(series: Series, found: Sequence[tuple[Any, ...]]) -> Built:
    names = (*series.own_facets, DREW) if series.link else series.own_facets
    times: dict[datetime, dict[Facets, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    for start, ordinal, count, *values in found:
        # Added up: ids that were merged count as one.
        times[start][tuple(sorted(zip(names, values, strict=True)))][ordinal] += count
    return {
        start: {facets: _content(series, counts) for facets, counts in rows.items()}
        for start, rows in times.items()
    }


def _content(series: Series, counts: Mapping[int, int]) -> Content:
    numbers = Numbers.of(series.space, counts) if series.counts else None
    return Content.of(Members.of(series.space, counts), numbers)
