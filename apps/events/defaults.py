"""What a new workspace knows: the standard events, and the ways of sharing (KPIS.md section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from apps.events.models import EventDefinition
from apps.workspaces.models import Workspace

SHARE_TYPES = ("invite", "link", "export", "embed", "send", "other")
# The defined share events that the sources name: mail invite, copied link, share button, social share.
SHARE_KINDS = (("invite", "email"), ("link", "copy_link"), ("link", "button"), ("link", "social"))


@cache
def kinds() -> tuple[str, ...]:
    """The standard events that a definition may be of."""
    return tuple(kind for entry in _declared() if (kind := entry.get("kind", entry["name"])))


def definitions(workspace: Workspace) -> Iterator[EventDefinition]:
    """The definitions of a new workspace, not saved."""
    for entry in _declared():
        yield EventDefinition(
            workspace=workspace,
            name=entry["name"],
            kind=entry.get("kind", entry["name"]),
            is_activity=entry.get("activity", False),
            types=entry.get("types", {}),
        )


def _declared() -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "taxonomy.yaml").read_text())
    return declared
