"""What no stored row tells apart: from the raw events, by the builder of the rows, of not too many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.db import connection

from apps.engine.expressions import Need
from apps.engine.refusals import Refusal
from apps.events import taxonomy
from apps.events.taxonomy import Taxonomy
from apps.rollups.build.content import Content, Facets
from apps.rollups.build.events import Stretch, told
from apps.rollups.finding import Filled, Place, Row

# As many take a second or two.
MOST = 200_000

HOW_MANY = """
    SELECT count(*) FROM (
        SELECT FROM events_event
        WHERE workspace_id = %s AND definition_id = ANY(%s) AND occurred_at >= %s AND occurred_at < %s
        LIMIT %s
    ) AS event"""


def whole(need: Need) -> Need:
    """The need of everything that is read for this one: of one stretch, by the same facets."""
    return replace(need, where=(), counts=False)


def read(place: Place, needs: Iterable[Need]) -> Mapping[Need, Sequence[Filled]]:
    """What the raw events say of needs, by the whole of each. Raises Refusal (TOO_MANY_EVENTS)."""
    wholes = defaultdict[tuple[str, tuple[str, ...]], set[Need]](set)
    for need in needs:
        wholes[need.series, need.raw].add(whole(need))
    return {need: rows for some in wholes.values() for need, rows in _read(place, some).items()}


def _read(place: Place, wholes: Iterable[Need]) -> dict[Need, list[Filled]]:
    """What the events of one series say, told apart by the same facets."""
    needs = sorted(wholes, key=lambda need: need.start)
    name, facets = needs[0].series, needs[0].raw
    meanings = taxonomy.load(place.workspace_id, place.version(name))
    stretches = [(need.start, need.end) for need in needs]
    _check(place.workspace_id, meanings, name, stretches)
    series = replace(taxonomy.SERIES[name], own_facets=facets)
    built = told(place.workspace_id, series, meanings, stretches)
    return {need: [_filled(need, *row) for row in built.get(need.start, {}).items()] for need in needs}


def _check(workspace_id: int, meanings: Taxonomy, name: str, stretches: Sequence[Stretch]) -> None:
    first, last = min(start for start, _ in stretches), max(end for _, end in stretches)
    with connection.cursor() as cursor:
        cursor.execute(HOW_MANY, [workspace_id, list(meanings.feeders(name)), first, last, MOST + 1])
        (found,) = cursor.fetchone()
    if found > MOST:
        raise Refusal("TOO_MANY_EVENTS", "period", f"one with at most {MOST:,} events to be told apart like that")


def _filled(need: Need, facets: Facets, content: Content) -> Filled:
    row = Row(0, need.series, "raw", need.start, dict(facets), str(content.checksum))
    return Filled.of(row, taxonomy.SERIES[need.series].space, content)
