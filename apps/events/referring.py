"""Whom somebody referred: people whose referral may count otherwise once it is known who referred them."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.audience.stitching import USER_OF_EVENT
from apps.events import taxonomy
from apps.events.hours import Whose
from apps.workspaces.models import Workspace

# Each branch goes by an index of its own.
REFERRED_BY = f"""
    SELECT DISTINCT person.counts_as FROM (
        SELECT event.definition_id, coalesce(event.referred_id, {USER_OF_EVENT}) AS whom
        FROM events_event AS event JOIN audience_productuser AS named ON named.external_id = event.referrer
        WHERE event.workspace_id = %(workspace)s AND named.workspace_id = %(workspace)s
          AND named.id = ANY(%(users)s)
        UNION ALL
        SELECT definition_id, referred_id FROM events_event
        WHERE workspace_id = %(workspace)s AND user_id = ANY(%(users)s) AND referred_id IS NOT NULL
        UNION ALL
        SELECT definition_id, referred_id FROM events_event
        WHERE workspace_id = %(workspace)s AND anonymous_id = ANY(%(visits)s) AND user_id IS NULL
          AND referred_id IS NOT NULL
        UNION ALL
        SELECT event.definition_id, coalesce(event.referred_id, {USER_OF_EVENT})
        FROM events_event AS event WHERE event.link = ANY(%(links)s) AND event.workspace_id = %(workspace)s
    ) AS told JOIN audience_productuser AS person ON person.id = told.whom
    WHERE told.definition_id = ANY(%(definitions)s)"""


def referred_by(workspace_id: int, whose: Whose) -> set[int]:
    """The canonical users, by ordinal, who are said to be referred, or not to be, by some: users and visitors, or
    through messages."""
    if not any((whose.users, whose.visits, whose.links)):
        return set()
    workspace = Workspace.objects.only("versions").get(pk=workspace_id)
    versions = {version for _, version in taxonomy.versions_of(workspace).pairs()}
    definitions = {pk for version in versions for pk in taxonomy.load(workspace_id, version).referrals()}
    chosen: dict[str, Any] = {
        "workspace": workspace_id,
        "users": list(whose.users),
        "visits": list(whose.visits),
        "links": list(whose.links),
        "definitions": list(definitions),
    }
    with connection.cursor() as cursor:
        cursor.execute(REFERRED_BY, chosen)
        return {ordinal for (ordinal,) in cursor.fetchall()}
