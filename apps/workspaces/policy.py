"""Who is asking, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.workspaces.models import ApiKey, Scope, Workspace


class Refused(Exception):
    """A caller may not do what it asked. `status` is the HTTP status that says so."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Caller:
    """An authenticated key: its workspace, its scope, and the source that its messages belong to."""

    workspace: Workspace
    scope: Scope
    source: str


def authenticate(secret: str, now: datetime) -> Caller:
    """The caller behind an API key. Raises Refused: 401 for a key that is missing, unknown, revoked or expired."""
    if not secret:
        raise Refused(
            401, "KEY_MISSING", "Send an API key: basic-auth user, bearer token, or writeKey in the body."
        )
    key = ApiKey.unscoped.select_related("workspace").filter(digest=ApiKey.digest_of(secret)).first()
    if key is None or not key.is_valid(now):
        raise Refused(401, "KEY_INVALID", "This API key is unknown, revoked or expired.")
    return Caller(key.workspace, Scope(key.scope), key.source)


def require(caller: Caller, *scopes: Scope) -> None:
    """Raise Refused (403) unless the caller's key has one of the scopes and its workspace is not suspended."""
    if caller.scope not in scopes:
        wanted = " or ".join(scopes)
        raise Refused(403, "SCOPE_MISSING", f"This key has the scope {caller.scope}; this needs {wanted}.")
    refuse_suspended(caller.workspace)


def refuse_suspended(workspace: Workspace) -> None:
    """Raise Refused (403) when the workspace is suspended, whatever it is asked with."""
    if workspace.is_suspended:
        raise Refused(403, "WORKSPACE_SUSPENDED", f"The workspace {workspace.slug} is suspended.")
