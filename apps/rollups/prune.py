"""Rows that nothing reads any more go away."""

from __future__ import annotations

from django.db import connection

# A reader that found a row a moment before it was closed still fetches its bytes.
KEEP = "1 day"


def prune() -> int:
    """Delete rows closed over a day ago, and old rows of versions no longer in use; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM rollups_rollup WHERE closed_at < now() - %s::interval",
            [KEEP],
        )
        closed: int = cursor.rowcount
        cursor.execute(
            """DELETE FROM rollups_rollup AS row
               USING workspaces_workspace AS workspace, events_taxonomyversion AS current
               WHERE workspace.id = row.workspace_id AND current.workspace_id = workspace.id
                 AND current.version = (workspace.versions -> 'current' ->> row.series)::int
                 AND current.created_at < now() - %s::interval
                 AND row.version IS DISTINCT FROM (workspace.versions -> 'current' ->> row.series)::int
                 AND row.version IS DISTINCT FROM (workspace.versions -> 'building' ->> row.series)::int""",
            [KEEP],
        )
        old: int = cursor.rowcount
        return closed + old
