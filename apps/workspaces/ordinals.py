"""Dense uint32 numbers for the people and accounts of a workspace: what a bitmap holds."""

from __future__ import annotations

from apps.engine.sets import Space
from apps.workspaces.models import Ordinals, Workspace

LIMIT = 2**32


class OrdinalsExhausted(RuntimeError):
    """A workspace has handed out all 2^32 ordinals of a space."""


def open_spaces(workspace: Workspace) -> None:
    """Create the workspace's counters, one a space, at 0."""
    Ordinals.objects.bulk_create(Ordinals(workspace=workspace, space=space) for space in Space)


def lock(workspace_id: int, space: Space) -> Ordinals:
    """The counter of a space, locked until the transaction ends. Take it before looking for gaps to fill."""
    return Ordinals.objects.select_for_update(no_key=True).get(workspace=workspace_id, space=space)


def take(counter: Ordinals, count: int) -> range:
    """The next `count` ordinals of a locked counter. Raises OrdinalsExhausted, taking none."""
    first, end = counter.next, counter.next + count
    if end > LIMIT:
        raise OrdinalsExhausted(
            f"the space of {counter.space}s holds {LIMIT:,} ordinals and has {LIMIT - first:,} left"
        )
    counter.next = end
    counter.save(update_fields=["next"])
    return range(first, end)
