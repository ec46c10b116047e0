"""The names by which a workspace's answers can be restricted."""

from __future__ import annotations

from dataclasses import dataclass

from apps.events import browse
from apps.rollups import facets
from apps.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Declared in the taxonomy, or seen in what is rolled up."""

    share_types: frozenset[str]
    channels: frozenset[str]


def vocabulary(workspace: Workspace) -> Vocabulary:
    """The share types and channels that can be asked for, in two statements."""
    pairs = browse.sharing_names(workspace.pk) | facets.occurring(workspace)
    return Vocabulary(
        share_types=frozenset(share_type for share_type, _ in pairs if share_type is not None),
        channels=frozenset(channel for _, channel in pairs if channel is not None),
    )
