"""How often users did an event, day by day, from the raw events: what no series tells."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from apps.engine.definitions import kind_of
from apps.engine.expressions import DidNeed
from apps.engine.numbers import Numbers
from apps.engine.periods import day_start, days_later, local_day
from apps.engine.sets import Space
from apps.events import taxonomy
from apps.events.models import EventDefinition
from apps.events.taxonomy import Meaning
from apps.rollups.build.events import Counted
from apps.rollups.reach import Place


def daily(place: Place, need: DidNeed) -> Mapping[date, Numbers]:
    """Of each local day on which somebody did it, who did how often. What nobody planned did not happen."""
    zone = taxonomy.load(place.workspace_id, place.version(taxonomy.STATES)).zone
    feeders = _feeders(place, need.event)
    kind = next((meaning.kind for meaning in feeders.values()), "")
    facets = [facet for facet, _ in need.where]
    counted = Counted(place.workspace_id, kind, feeders, facets)
    days = [days_later(need.first, ahead) for ahead in range((need.last - need.first).days + 1)]
    stretches = [(day_start(day, zone), day_start(days_later(day, 1), zone)) for day in days]
    times: dict[datetime, Counter[int]] = defaultdict(Counter)
    for start, ordinal, count, *values in counted.within(stretches):
        if all(value in allowed for value, (_, allowed) in zip(values, need.where, strict=True)):
            times[start][ordinal] += count
    return {local_day(start, zone): Numbers.of(Space.USER, counts) for start, counts in times.items()}


def _feeders(place: Place, name: str) -> Mapping[int, Meaning]:
    """The planned definition of the name: as its series has it, or as published last where it feeds none."""
    named = EventDefinition.objects.filter(workspace=place.workspace_id, name=name, is_planned=True)
    latest = {row.pop("pk"): Meaning(**row) for row in named.values("pk", *taxonomy.MEANING)}
    kinds = {meaning.kind for meaning in latest.values()}
    counting = [series for series in taxonomy.SERIES if kind_of(series) in kinds and series in place.versions]
    if not counting:
        return latest
    counted = taxonomy.load(place.workspace_id, place.version(counting[0])).meanings
    return {pk: counted[pk] for pk in latest if pk in counted}
