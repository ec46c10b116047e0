"""Which values of event facets the rollups of a workspace have seen."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db.models import Q

from apps.engine.periods import Grain
from apps.events import taxonomy
from apps.rollups.models import Rollup
from apps.workspaces.models import Workspace


def occurring(workspace: Workspace) -> set[tuple[str | None, str | None]]:
    """Every pair of share type and channel that a share or a referral message has had; None is one without it.

    Months are few, and have all that their days have.
    """
    current = taxonomy.versions_of(workspace).current
    names = [one.name for one in (taxonomy.SHARES, taxonomy.MESSAGES) if one.name in current]
    series = [Q(series=name, version=current[name]) for name in names]
    months = Rollup.objects.filter(workspace=workspace, grain=Grain.MONTH, closed_xid__isnull=True)
    rows = months.filter(reduce(or_, series))
    return set(rows.values_list("facets__share_type", "facets__channel").distinct())
