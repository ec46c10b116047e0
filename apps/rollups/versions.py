"""From one meaning to the next: build the new version beside the old one, then switch at once (KPIS.md G18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from apps.audience import groups
from apps.audience.marking import mark_ordinals
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.events import hours, taxonomy
from apps.events.taxonomy import Versions
from apps.rollups.build.content import Bucket, version_key
from apps.rollups.marking import Waiting, mark
from apps.workspaces.models import Marker, Workspace


def advance(workspace_id: int) -> bool:
    """Take the next step of a version change, if one is under way: mark all buckets, or switch.

    Returns whether a step was taken. The switch is one UPDATE of the version map, so that no month and no
    ratio ever mixes two meanings.
    """
    known = Workspace.objects.get(pk=workspace_id).versions
    if lacks_series(known):
        # Made before the product had it.
        taxonomy.publish(workspace_id)
        return True
    if not known["building"]:
        return False
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        versions = taxonomy.versions_of(workspace)
        if not versions.building:
            return False
        if not workspace.versions["marked"]:
            at = now()
            _mark_all(workspace_id, versions, at)
            workspace.versions |= {"marked": True, "since": at.isoformat()}
        elif _is_pending(workspace_id, versions, datetime.fromisoformat(workspace.versions["since"])):
            return False
        else:
            workspace.versions = taxonomy.switched(workspace.versions)
        workspace.save(update_fields=["versions"])
    return True


def lacks_series(versions: Mapping[str, Any]) -> bool:
    """Whether a version map says nothing of a series that there is now."""
    return not taxonomy.SERIES.keys() <= versions["current"].keys() | versions["building"].keys()


def _asks_for_people(versions: Versions) -> bool:
    """Whether what is building is made by what people stood in: states, referrals, a first series of accounts."""
    new = versions.building.keys() - versions.current.keys()
    first = any(series.space is Space.ACCOUNT for name, series in taxonomy.SERIES.items() if name in new)
    others = versions.building.keys() - taxonomy.SERIES.keys()
    return first or bool(others | (versions.building.keys() & taxonomy.OF_REFERRALS))


def _is_pending(workspace_id: int, versions: Versions, since: datetime) -> bool:
    """Whether something waits that had to be built when all was marked.

    What came in later is as late for the new version as for any; waited for, it would put the switch off for
    as long as anything is said. What follows from a marker is as old as that marker.
    """
    waiting = Marker.objects.filter(workspace=workspace_id, since__lte=since)
    building = versions.building
    if _asks_for_people(versions) and waiting.filter(start__isnull=True).exists():
        return True
    places = waiting.filter(version__in=set(building.values())).values_list("series", "version").distinct()
    return any(building.get(version_key(series)) == version for series, version in places)


def _mark_all(workspace_id: int, versions: Versions, at: datetime) -> None:
    """Mark every hour that has an event which feeds a series, and everybody who stands in something."""
    building = versions.building
    for series in building.keys() & taxonomy.SERIES.keys():
        version = building[series]
        starts = hours.of_all(workspace_id, taxonomy.load(workspace_id, version), series)
        buckets = [Bucket(workspace_id, series, version, Grain.HOUR, start) for start in starts]
        mark(dict.fromkeys(buckets, Waiting(0, at)))
    if taxonomy.STATES in building:
        mark_ordinals(workspace_id, Space.ACCOUNT, groups.everybody(workspace_id, Space.ACCOUNT), at)
    if _asks_for_people(versions):
        mark_ordinals(workspace_id, Space.USER, groups.everybody(workspace_id, Space.USER), at)
