"""Which values of event facets the rollups of a workspace have seen."""

from __future__ import annotations

from apps.engine.periods import Grain
from apps.events import taxonomy
from apps.rollups.models import Rollup
from apps.workspaces.models import Workspace


def occurring(workspace: Workspace) -> set[tuple[str | None, str | None]]:
    """Every pair of share type and channel that a share has had; None is a share without one.

    Months are few, and have all that their days have.
    """
    series = taxonomy.SHARES.name
    rows = Rollup.objects.filter(
        workspace=workspace,
        series=series,
        version=taxonomy.versions_of(workspace).current[series],
        grain=Grain.MONTH,
        closed_xid__isnull=True,
    )
    return set(rows.values_list("facets__share_type", "facets__channel").distinct())
