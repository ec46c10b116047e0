"""Who referred whom, once one of both is erased: the referral counts on, and says of nobody who it was."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.privacy.columns import BATCH
from apps.privacy.person import Person
from apps.privacy.words import Words

# What is the id of a user, the person's own or another's, is no text about anybody.
FIND = """
    SELECT id, referrer FROM events_event AS event
    WHERE workspace_id = %(workspace)s AND id > %(after)s AND referrer IS NOT NULL
      AND EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(lower(referrer), word) > 0)
      AND NOT EXISTS (
        SELECT FROM audience_productuser AS one
        WHERE one.workspace_id = event.workspace_id AND one.external_id = event.referrer)
    ORDER BY id LIMIT %(batch)s"""
WRITE = """
    UPDATE events_event AS event SET referrer = left(changed.referrer, 255)
    FROM unnest(%s::bigint[], %s::text[]) AS changed (id, referrer) WHERE event.id = changed.id"""
RENAME = """
    UPDATE events_event AS event SET referrer = 'erased-' || one.ordinal || %(end)s
    FROM audience_productuser AS one
    WHERE one.id = ANY(%(users)s) AND event.workspace_id = %(workspace)s AND event.referrer = one.external_id"""


def forget(person: Person, words: Words) -> int:
    """Put something opaque for what names them as a referrer, but for their ids; return how many events did.

    It is always the same for the same text: what was said of one referrer goes on being said of one.
    """
    total, after = 0, 0
    while rows := _naming(person, words, after):
        named = {pk: words.tokens.get(text) or words.blanked(text) for pk, text in rows}
        changed = {pk: named[pk] for pk, text in rows if named[pk] != text}
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(changed), list(changed.values())])
        total, after = total + len(changed), rows[-1][0]
    return total


def rename(person: Person, end: str) -> None:
    """Call them, where they referred somebody, what they are called from now on: with the same end."""
    with connection.cursor() as cursor:
        cursor.execute(RENAME, {"workspace": person.workspace_id, "users": list(person.users), "end": end})


def _naming(person: Person, words: Words, after: int) -> list[tuple[int, str]]:
    where: dict[str, Any] = {
        "workspace": person.workspace_id,
        "words": words.written,
        "after": after,
        "batch": BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND, where)
        rows: list[tuple[int, str]] = cursor.fetchall()
        return rows
