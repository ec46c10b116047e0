"""Opening a workspace: its counters, its taxonomy, its keys."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from apps.events import taxonomy
from apps.workspaces import ordinals
from apps.workspaces.models import ApiKey, Scope, Workspace


@dataclass(frozen=True, slots=True)
class Opened:
    """A new workspace and its first keys, which are not seen again."""

    workspace: Workspace
    read_key: str
    ingest_key: str
    admin_key: str


@transaction.atomic
def open_workspace(workspace: Workspace) -> Opened:
    """Save a new workspace with the default taxonomy and a key of each scope.

    Raises django's ValidationError, by field, when the slug is taken or the zone or the currency is none.
    """
    workspace.full_clean()
    workspace.save()
    ordinals.open_spaces(workspace)
    taxonomy.install(workspace)
    keys = {scope: ApiKey(workspace=workspace, name="First key", scope=scope).issue() for scope in Scope}
    return Opened(workspace, keys[Scope.READ], keys[Scope.INGEST], keys[Scope.ADMIN])
