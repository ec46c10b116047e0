"""What follows from what was said of a person: state rows, listed values, and their bits in rollups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from apps.engine.sets import Members, Space
from apps.privacy.columns import LISTED, ROLLED_UP, STOOD
from apps.privacy.person import Person
from apps.privacy.words import Words
from apps.rollups.binary import binary_cursor
from apps.rollups.build.content import Content
from apps.rollups.build.states import rewriting_lock
from apps.rollups.subjects import Subject, resolve
from apps.workspaces.models import Workspace

BATCH = 500
# Numbers that stay as they were: they name nobody (KPIS.md G7).
COUNTED = ("user:registered", "user:open")

STAND = """
    DELETE FROM rollups_staterow
    WHERE workspace_id = %s AND subject = ANY(%s) AND starts_with(series, 'user:') AND series <> ALL(%s)"""
# Its place among the first thousand of the trait stays taken, or the list would open again.
UNLIST = """
    UPDATE audience_traitvalue AS kept SET value = '"(erased ' || kept.id || ')"'
    FROM audience_trait AS trait
    WHERE kept.workspace_id = %(workspace)s AND trait.id = kept.trait_id AND EXISTS (
        SELECT FROM audience_traitchange AS told
        WHERE told.user_id = ANY(%(users)s) AND told.name = trait.name AND told.value = kept.value::jsonb
    ) AND NOT EXISTS (
        SELECT FROM audience_traitchange AS other
        WHERE other.workspace_id = %(workspace)s AND (other.user_id IS NULL OR other.user_id <> ALL(%(users)s))
          AND other.name = trait.name AND other.value = kept.value::jsonb
    ) AND NOT (trait.name = 'role' AND EXISTS (
        SELECT FROM audience_membershipchange AS held
        WHERE held.workspace_id = %(workspace)s AND held.user_id <> ALL(%(users)s)
          AND to_jsonb(held.role) = kept.value::jsonb))"""
SCAN = """
    SELECT id, members FROM rollups_rollup
    WHERE workspace_id = %s AND starts_with(series, 'user:') AND series <> ALL(%s) AND id > %s
    ORDER BY id LIMIT %s"""
READ = "SELECT id, members FROM rollups_rollup WHERE id = ANY(%s::bigint[])"
REWRITE = "UPDATE rollups_rollup SET members = %s, checksum = %s WHERE id = %s"
# Whoever found the row a moment ago still fetches it; nobody finds it any more, and it is pruned.
EMPTY = """
    UPDATE rollups_rollup SET members = %s, checksum = %s, facets = jsonb_set(facets, '{value}', '"(erased)"'),
        closed_xid = coalesce(closed_xid, pg_current_xact_id()), closed_at = coalesce(closed_at, now())
    WHERE id = %s"""


def forget_states(person: Person, words: Words) -> int:
    """Let them stand nowhere, in any version, and let no value that others stand in name them.

    Who resolves them marks what that changes; versions that nobody resolves any more follow.
    """
    resolve([Subject(person.workspace_id, Space.USER, person.ordinal)])
    with connection.cursor() as cursor:
        cursor.execute(STAND, [person.workspace_id, list(person.ordinals), list(COUNTED)])
        gone: int = cursor.rowcount
    return gone + STOOD.rewrite(person, words) + forget_values(person, words)


def forget_values(person: Person, words: Words) -> int:
    """Take the values that only they had from the lists of those that rollups keep apart."""
    renamed = LISTED.rewrite(person, words)
    with connection.cursor() as cursor:
        cursor.execute(UNLIST, {"workspace": person.workspace_id, "users": list(person.users)})
        return renamed + int(cursor.rowcount)


def forget_rollups(person: Person, words: Words) -> int:
    """Take them out of the rows of every version, open or closed, in place; whatever was cached is void then."""
    gone = Members.of(Space.USER, person.ordinals)
    with transaction.atomic(durable=True):
        # Months are composed of rows: one that is being composed of rows with them would be missed.
        rewriting_lock(person.workspace_id)
        found = [pk for pk, members in _rows(person) if members.overlap(gone)]
        # Two erasures that rewrite one row take turns.
        Workspace.objects.filter(pk=person.workspace_id).update(erasures=F("erasures") + 1)
        _rewrite(found, gone)
        return len(found) + ROLLED_UP.rewrite(person, words)


def _rows(person: Person) -> Iterator[tuple[int, Members]]:
    after = 0
    while batch := _fetch(SCAN, [person.workspace_id, list(COUNTED), after, BATCH]):
        yield from batch
        after = batch[-1][0]


def _rewrite(found: list[int], gone: Members) -> None:
    for first in range(0, len(found), BATCH):
        for pk, members in _fetch(READ, [found[first : first + BATCH]]):
            left = members - gone
            content = Content.of(left, None)
            with connection.cursor() as cursor:
                cursor.execute(REWRITE if left else EMPTY, [content.members, content.checksum, pk])


def _fetch(statement: str, parameters: list[Any]) -> list[tuple[int, Members]]:
    with binary_cursor() as cursor:
        cursor.execute(statement, parameters)
        return [(pk, Members.load(Space.USER, members)) for pk, members in cursor.fetchall()]
