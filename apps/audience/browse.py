"""What a workspace has said of whom it asks about: traits, saved segments, ICP profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.audience.filters import Traits
from apps.audience.models import IcpProfile, Segment, Trait
from apps.engine.sets import Space


def traits(workspace_id: int) -> Traits:
    """The traits that somebody has had, by name."""
    spaces = defaultdict[str, set[Space]](set)
    for name, space in Trait.objects.filter(workspace=workspace_id).order_by("name").values_list("name", "space"):
        spaces[name].add(Space(space))
    return {name: frozenset(found) for name, found in spaces.items()}


def segments(workspace_id: int) -> Iterable[Segment]:
    """The saved segments by slug."""
    return Segment.objects.filter(workspace=workspace_id).order_by("slug")


def profiles(workspace_id: int) -> Iterable[IcpProfile]:
    """The ICP profiles by slug, with their versions, in two statements."""
    return IcpProfile.objects.filter(workspace=workspace_id).order_by("slug").prefetch_related("versions")
