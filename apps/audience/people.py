"""From our ordinals back to the sender's ids: how a list of people is shown."""

from __future__ import annotations

from collections.abc import Collection

from apps.audience.identity import MODELS
from apps.engine.sets import Space


def external_ids(workspace_id: int, space: Space, ordinals: Collection[int]) -> dict[int, str]:
    """The sender's ids of these users or accounts by ordinal, in one statement."""
    subjects = MODELS[space].objects.filter(workspace=workspace_id, ordinal__in=ordinals)
    return dict(subjects.values_list("ordinal", "external_id"))
