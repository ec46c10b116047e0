"""Pages of the admin, whoever looks at them, and the numbers that they change."""

from collections.abc import Sequence
from typing import Any

from django.test import Client

from apps.engine.periods import parse_month
from apps.workspaces.models import Workspace
from tests.world import ask

ROOM = "/admin/events/"
WORKSPACES, DEFINITIONS, TYPES = "/admin/workspaces/workspace/", f"{ROOM}eventdefinition/", f"{ROOM}sharetype/"
SCRIPT = "<script>alert(1)</script>"


def listing(model: type[Any]) -> str:
    return f"{ROOM}{model.__name__.lower()}/"


def listed(client: Client, path: str) -> Sequence[str]:
    return [str(row) for row in client.get(path).context["cl"].result_list]


def values(workspace: Workspace, *slugs: str) -> list[int]:
    workspace.refresh_from_db()
    april = parse_month("2026-04", workspace.timezone)
    return [int(ask(workspace, slug, april).answer.value or 0) for slug in slugs]
