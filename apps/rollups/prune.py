"""Rows that nothing reads any more go away."""

from __future__ import annotations

from django.db import connection

from apps.events.taxonomy import OF_REFERRALS

# A reader that found a row a moment before it was closed still fetches its bytes.
KEEP = "1 day"


# The name by which the version map knows a row's series, as build.content.version_key has it.
KEY = """
    CASE WHEN row.series LIKE 'user:icp:%%' THEN substring(row.series FROM 6)
         WHEN row.series LIKE '%%:%%' THEN 'STATES' ELSE row.series END"""
OLD = f"""
    DELETE FROM {{table}} AS row
    USING workspaces_workspace AS workspace, events_taxonomyversion AS current
    WHERE workspace.id = row.workspace_id AND current.workspace_id = workspace.id
      AND current.version = coalesce(
        (workspace.versions -> 'current' ->> {KEY})::int,
        (SELECT max(version) FROM events_taxonomyversion WHERE workspace_id = workspace.id))
      AND current.created_at < now() - %s::interval
      AND row.version IS DISTINCT FROM (workspace.versions -> 'current' ->> {KEY})::int
      AND row.version IS DISTINCT FROM (workspace.versions -> 'building' ->> {KEY})::int"""

# Nobody reads them but whoever builds a version in use.
OLD_REFERRALS = """
    DELETE FROM rollups_referral AS row USING workspaces_workspace AS workspace
    WHERE workspace.id = row.workspace_id AND NOT EXISTS (
        SELECT FROM unnest(%s::text[]) AS series (name)
        WHERE row.version = (workspace.versions -> 'current' ->> name)::int
           OR row.version = (workspace.versions -> 'building' ->> name)::int)"""


def prune() -> int:
    """Delete rows closed over a day ago, and what old versions said that are no longer in use; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rollups_rollup WHERE closed_at < now() - %s::interval", [KEEP])
        gone: int = cursor.rowcount
        for table in ("rollups_rollup", "rollups_staterow", "rollups_restatement"):
            cursor.execute(OLD.format(table=table), [KEEP])
            gone += cursor.rowcount
        cursor.execute(OLD_REFERRALS, [sorted(OF_REFERRALS)])
        return gone + int(cursor.rowcount)
