"""What an import is told, and what it has done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apps.events import rejects
from apps.events.imports import Order
from apps.events.models import Event, ImportRun
from apps.events.readers import Format, format_of
from apps.workspaces.models import Workspace

COLUMNS = (
    *("message_key", "action_key", "body_digest", "definition__name", "occurred_at"),
    *("user__external_id", "account__external_id", "anonymous_id", "session", "link"),
    *("share_type", "share_scope", "channel", "object_type", "feature", "status", "is_error", "properties"),
)


def stored(workspace: Workspace) -> list[dict[str, Any]]:
    """Every event of a workspace, by message, without what another workspace would number otherwise."""
    return list(Event.objects.filter(workspace=workspace).order_by("message_key").values(*COLUMNS))


def order(workspace: Workspace, path: Path, source: str = "default") -> Order:
    return Order(workspace, path, format_of(path) or Format.JSONL, source)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """Messages in all, accepted, duplicate, rejected."""
    return run.position, run.accepted, run.duplicate, run.rejected


def rejected(run: ImportRun) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rejects.path_of(run).read_text().splitlines()]
