"""When users signed up and left, and accounts were created and closed: what opens and closes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection

from apps.audience.histories import Moment
from apps.audience.stitching import USER_OF_EVENT
from apps.engine.sets import Space
from apps.events import taxonomy
from apps.events.corrections import NOT_VOIDED

OPENING = {"user.signed_up": True, "user.deactivated": False, "account.created": True, "account.closed": False}

OF_USERS = f"""
    WITH person AS MATERIALIZED (
        SELECT id, counts_as FROM audience_productuser
        WHERE workspace_id = %(workspace)s AND counts_as = ANY(%(ordinals)s)
    )
    SELECT person.counts_as, event.definition_id, event.occurred_at
    FROM person JOIN events_event AS event ON event.user_id = person.id
    WHERE event.definition_id = ANY(%(definitions)s) AND {NOT_VOIDED}
    UNION ALL
    SELECT person.counts_as, event.definition_id, event.occurred_at
    FROM events_event AS event JOIN person ON person.id = {USER_OF_EVENT}
    WHERE event.workspace_id = %(workspace)s AND event.user_id IS NULL
      AND event.definition_id = ANY(%(definitions)s) AND event.anonymous_id IN (
        SELECT alias.anonymous_id FROM audience_identityalias AS alias JOIN person ON person.id = alias.user_id)
      AND {NOT_VOIDED}"""
OF_ACCOUNTS = f"""
    SELECT account.counts_as, event.definition_id, event.occurred_at
    FROM audience_account AS account JOIN events_event AS event ON event.account_id = account.id
    WHERE account.workspace_id = %(workspace)s AND account.counts_as = ANY(%(ordinals)s)
      AND event.definition_id = ANY(%(definitions)s) AND {NOT_VOIDED}"""
STATEMENTS = {Space.USER: OF_USERS, Space.ACCOUNT: OF_ACCOUNTS}


def moments(workspace_id: int, version: int, space: Space, ordinals: Sequence[int]) -> dict[int, list[Moment]]:
    """The opening and closing moments of canonical users or accounts by ordinal, under a taxonomy version.

    What somebody did anonymously is theirs once it was stitched to them (KPIS.md G6).
    """
    kinds = {
        definition: kind
        for definition, kind in taxonomy.load(workspace_id, version).state_kinds().items()
        if kind.startswith(f"{space}.")
    }
    found = defaultdict[int, list[Moment]](list)
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENTS[space],
            {"workspace": workspace_id, "ordinals": list(ordinals), "definitions": list(kinds)},
        )
        for ordinal, definition, at in cursor.fetchall():
            found[ordinal].append(Moment(at, OPENING[kinds[definition]]))
    return found
