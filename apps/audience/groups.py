"""Who counts as whom, who belongs to which account, and who is one of our own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, models

from apps.audience.identity import MODELS
from apps.audience.models import IdentityAlias
from apps.engine.sets import Space

MEMBERS = """
    SELECT DISTINCT subject.counts_as
    FROM audience_account AS account
    JOIN audience_membershipchange AS said ON said.account_id = account.id
    JOIN audience_productuser AS subject ON subject.id = said.user_id
    WHERE account.workspace_id = %s AND account.counts_as = ANY(%s)"""
KEYS = """
    WITH RECURSIVE merged AS (
        SELECT id FROM {table} WHERE workspace_id = %s AND ordinal = ANY(%s)
        UNION
        SELECT subject.id FROM {table} AS subject JOIN merged ON subject.merged_into_id = merged.id
    )
    SELECT id FROM merged ORDER BY id"""
# Without a word on it, a person is our own if any of their ids was marked so in the admin.
FLAG = """
    UPDATE {table} AS subject SET is_internal = verdict.is_internal
    FROM (
        SELECT told.ordinal, coalesce(told.is_internal, bool_or(one.is_internal)) AS is_internal
        FROM unnest(%(ordinals)s::bigint[], %(verdicts)s::boolean[]) AS told (ordinal, is_internal)
        JOIN {table} AS one ON one.workspace_id = %(workspace)s AND one.counts_as = told.ordinal
        GROUP BY told.ordinal, told.is_internal
    ) AS verdict
    WHERE subject.workspace_id = %(workspace)s AND subject.counts_as = verdict.ordinal
      AND subject.is_internal <> verdict.is_internal
    RETURNING subject.counts_as"""


def survivors(workspace_id: int, space: Space, ordinals: Collection[int]) -> dict[int, int]:
    """Of each of these users or accounts, the ordinal that they count as (KPIS.md G6)."""
    subjects = MODELS[space].objects.filter(workspace=workspace_id, ordinal__in=ordinals)
    return dict(subjects.values_list("ordinal", "counts_as"))


def members(workspace_id: int, accounts: Collection[int]) -> set[int]:
    """The canonical users who have ever been said to belong to these canonical accounts."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [workspace_id, list(accounts)])
        return {ordinal for (ordinal,) in cursor.fetchall()}


def flag_internal(workspace_id: int, space: Space, verdicts: Mapping[int, bool | None]) -> set[int]:
    """Flag all ids of canonical users or accounts as our own, or not; None keeps what the admin said.

    Returns those of whom the flag says something else now.
    """
    if not verdicts:
        return set()
    ordinals, said = list(verdicts), list(verdicts.values())
    flagged: dict[str, Any] = {"workspace": workspace_id, "ordinals": ordinals, "verdicts": said}
    with connection.cursor() as cursor:
        cursor.execute(FLAG.format(table=MODELS[space]._meta.db_table), flagged)  # noqa: SLF001
        return {ordinal for (ordinal,) in cursor.fetchall()}


def keys(workspace_id: int, space: Space, ordinals: Collection[int]) -> list[int]:
    """The primary keys of these users or accounts, by ordinal, and of all that were ever merged into them."""
    with connection.cursor() as cursor:
        table = MODELS[space]._meta.db_table  # noqa: SLF001
        cursor.execute(KEYS.format(table=table), [workspace_id, list(ordinals)])
        return [pk for (pk,) in cursor.fetchall()]


def anonymous_ids(workspace_id: int, users: Collection[int]) -> list[str]:
    """The anonymous ids that were said to be these users', by primary key."""
    aliases = IdentityAlias.objects.filter(workspace=workspace_id, user__in=users)
    return list(aliases.values_list("anonymous_id", flat=True).distinct())


def identified(workspace_id: int, anonymous: Collection[str]) -> set[int]:
    """The canonical users whose these anonymous ids were ever said to be."""
    aliases = IdentityAlias.objects.filter(workspace=workspace_id, anonymous_id__in=anonymous)
    return set(aliases.values_list("user__counts_as", flat=True))


def everybody(workspace_id: int, space: Space) -> list[int]:
    """All canonical users or accounts."""
    subjects = MODELS[space].objects.filter(workspace=workspace_id, counts_as=models.F("ordinal"))
    return list(subjects.values_list("ordinal", flat=True))
