"""Of whom something was said: one marker each for the worker that reads their histories anew.

What only a later transaction can see the reach of, a merge or an anonymous id that became somebody's, leaves a
marker that names the cause (DESIGN section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection

from apps.audience.identity import SPACES
from apps.audience.models import Subject
from apps.engine.sets import Space

MERGED = {Space.USER: "merged", Space.ACCOUNT: "account merged"}
MOVED, ANONYMOUS = "moved", "anonymous"
# By the key of what was corrected.
CORRECTED = "corrected"
# By the key that events have in common.
LINKED = {"link": "linked", "session": "in session"}

MARK_SUBJECTS = """
    INSERT INTO workspaces_marker (workspace_id, family, series, version, grain, key, subject, events)
    SELECT %s, 'subject', %s, 0, '', '', subject.counts_as, count(*)
    FROM unnest(%s::bigint[]) AS told (id) JOIN {table} AS subject ON subject.id = told.id
    GROUP BY subject.counts_as"""
MARK_ORDINALS = """
    INSERT INTO workspaces_marker (workspace_id, family, series, since, version, grain, key, subject, events)
    SELECT %s, %s, %s, coalesce(%s::timestamptz, statement_timestamp()), 0, '', '', ordinal, 1
    FROM unnest(%s::bigint[]) AS ordinal"""
MARK_KEYS = """
    INSERT INTO workspaces_marker (workspace_id, family, series, since, version, grain, key, events)
    SELECT %s, 'cause', %s, coalesce(%s::timestamptz, statement_timestamp()), 0, '', *
    FROM unnest(%s::text[], %s::int[])"""


def mark(workspace_id: int, model: type[Subject], ids: Sequence[int]) -> None:
    """Mark whoever these users or accounts, by primary key and once for each thing said, count as."""
    if ids:
        statement = MARK_SUBJECTS.format(table=model._meta.db_table)  # noqa: SLF001
        with connection.cursor() as cursor:
            cursor.execute(statement, [workspace_id, SPACES[model].value, list(ids)])


def mark_ordinals(
    workspace_id: int, space: Space, ordinals: Collection[int], since: datetime | None = None
) -> None:
    """Mark users or accounts by ordinal: something waits to be said of them since an instant (None: now)."""
    if ordinals:
        with connection.cursor() as cursor:
            cursor.execute(MARK_ORDINALS, [workspace_id, "subject", space.value, since, sorted(ordinals)])


def mark_merged(workspace_id: int, model: type[Subject], joined: Sequence[tuple[int, int]]) -> None:
    """Mark those who became one, by the ordinals that they counted as: loser and survivor."""
    space = SPACES[model]
    mark_ordinals(workspace_id, space, {ordinal for pair in joined for ordinal in pair})
    _mark_cause(workspace_id, MERGED[space], {loser for loser, _ in joined})


def mark_moved(workspace_id: int, ordinals: Collection[int], since: datetime | None = None) -> None:
    """Mark users, by ordinal, whose events may be of other accounts than was thought, or of none."""
    _mark_cause(workspace_id, MOVED, ordinals, since)


def _mark_cause(workspace_id: int, cause: str, ordinals: Collection[int], since: datetime | None = None) -> None:
    if ordinals:
        with connection.cursor() as cursor:
            cursor.execute(MARK_ORDINALS, [workspace_id, "cause", cause, since, sorted(ordinals)])


def mark_keys(workspace_id: int, cause: str, times: Mapping[str, int], since: datetime | None = None) -> None:
    """Mark, with how often that was said, ANONYMOUS ids whose events may be somebody else's than was thought.

    Or keys by which something is LINKED: what it is linked to may count where it did not. Or keys of what was
    CORRECTED, which may not be there yet. It waits since an instant (None: now).
    """
    if times:
        with connection.cursor() as cursor:
            cursor.execute(MARK_KEYS, [workspace_id, cause, since, list(times), list(times.values())])
