"""What no stored row tells apart: from the raw events, by the builder of the rows, of not too many of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection

from apps.engine.expressions import Need
from apps.engine.refusals import Refusal
from apps.events import taxonomy
from apps.events.taxonomy import Taxonomy
from apps.rollups.build.content import Between, Content, Facets
from apps.rollups.build.events import told
from apps.rollups.reach import Place
from apps.rollups.rows import Filled, Row

# As many take a second or two.
MOST = 200_000

# What is in no rows means what it means in the series in which it is drawn.
UNSTORED = {taxonomy.INTERACTIONS.name: taxonomy.INTERACTED.name}

HOW_MANY = """
    SELECT count(*) FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS bucket (start, stop)
    CROSS JOIN LATERAL (
        SELECT FROM events_event
        WHERE workspace_id = %s AND definition_id = ANY(%s) AND occurred_at >= start AND occurred_at < stop
        LIMIT %s
    ) AS event"""


def whole(need: Need) -> Need:
    """The need of everything that is read for this one: of one stretch, by the same facets."""
    return replace(need, where=(), counts=False)


def read(place: Place, needs: Iterable[Need]) -> Mapping[Need, Sequence[Filled]]:
    """What the raw events say of needs, by the whole of each. Raises Refusal (TOO_MANY_EVENTS)."""
    rounds = defaultdict[tuple[str, tuple[str, ...], int], list[Need]](list)
    begun = Counter[tuple[str, tuple[str, ...], datetime]]()
    for one in sorted({whole(need) for need in needs}, key=lambda need: (need.start, need.end)):
        # The builder tells stretches apart by where they begin: those that begin together are read in turn.
        where = one.series, one.raw, one.start
        rounds[one.series, one.raw, begun[where]].append(one)
        begun[where] += 1
    return {need: rows for some in rounds.values() for need, rows in _read(place, some).items()}


def _read(place: Place, needs: Sequence[Need]) -> dict[Need, list[Filled]]:
    """What the events of one series say, told apart by the same facets."""
    name, facets = needs[0].series, needs[0].raw
    version = place.version(UNSTORED.get(name, name))
    meanings = taxonomy.load(place.workspace_id, version)
    stretches = [(need.start, need.end) for need in needs]
    _check(place.workspace_id, meanings, name, stretches)
    series = replace(taxonomy.REGISTRY[name], own_facets=facets)
    built = told(place.workspace_id, series, meanings, stretches)
    return {need: [_filled(need, *row) for row in built.get(need.start, {}).items()] for need in needs}


def _check(workspace_id: int, meanings: Taxonomy, name: str, stretches: Sequence[Between]) -> None:
    starts, stops = zip(*stretches, strict=True)
    with connection.cursor() as cursor:
        feeders = list(meanings.feeders(name))
        cursor.execute(HOW_MANY, [list(starts), list(stops), workspace_id, feeders, MOST + 1])
        (found,) = cursor.fetchone()
    if found > MOST:
        raise Refusal("TOO_MANY_EVENTS", "period", f"one with at most {MOST:,} events to be told apart like that")


def _filled(need: Need, facets: Facets, content: Content) -> Filled:
    row = Row(0, need.series, "raw", need.start, dict(facets), str(content.checksum))
    return Filled.of(row, taxonomy.REGISTRY[need.series].space, content)
