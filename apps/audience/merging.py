"""Two ids turn out to be one person, or one account: from then on all of both is the survivor's (KPIS.md G6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from apps.audience.models import Subject

FIND = """
    SELECT id, ordinal, merged_into_id FROM {table}
    WHERE workspace_id = %(workspace)s AND counts_as IN (
        SELECT counts_as FROM {table} WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s))"""
LINK = """
    UPDATE {table} AS subject SET merged_into_id = link.survivor, merged_at = link.at
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS link (loser, survivor, at)
    WHERE subject.id = link.loser"""
RECOUNT = """
    UPDATE {table} AS subject SET counts_as = joined.survivor
    FROM unnest(%s::bigint[], %s::bigint[]) AS joined (loser, survivor)
    WHERE subject.workspace_id = %s AND subject.counts_as = joined.loser"""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two subjects by primary key: the loser is the survivor, as it was found at an instant."""

    loser: int
    survivor: int
    at: datetime


@dataclass(slots=True)
class Merged:
    """What became of merges: places of those refused, and the ordinals of each two that became one."""

    refused: set[int] = field(default_factory=set)
    joined: list[tuple[int, int]] = field(default_factory=list)


def merge(workspace_id: int, model: type[Subject], merges: Sequence[Merge]) -> Merged:
    """Merge users or accounts, one after the other: whoever the loser counts as into whoever the survivor does.

    Two who are one already stay so, but a merge into somebody who was merged into the loser is refused. The
    lock is kept until the caller commits, so that of two opposite merges the later one sees the first.
    """
    _lock(workspace_id)
    table = model._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        ids = [pk for one in merges for pk in (one.loser, one.survivor)]
        cursor.execute(FIND.format(table=table), {"workspace": workspace_id, "ids": ids})
        found = cursor.fetchall()
    ordinals = {pk: ordinal for pk, ordinal, _ in found}
    into = {pk: survivor for pk, _, survivor in found if survivor is not None}
    merged, links = Merged(), list[Merge]()
    for place, one in enumerate(merges):
        chain, survivor_chain = _chain(one.loser, into), _chain(one.survivor, into)
        if one.loser in survivor_chain:
            merged.refused.add(place)
        elif chain[-1] != survivor_chain[-1]:
            links.append(Merge(chain[-1], survivor_chain[-1], one.at))
            into[chain[-1]] = survivor_chain[-1]
    merged.joined = [(ordinals[link.loser], ordinals[_chain(link.loser, into)[-1]]) for link in links]
    _write(workspace_id, table, links, merged.joined)
    return merged


def _lock(workspace_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('merges', %s))", [workspace_id])


def _chain(pk: int, into: Mapping[int, int]) -> list[int]:
    """The subject itself, whoever it was merged into, and so on."""
    chain = [pk]
    while chain[-1] in into:
        chain.append(into[chain[-1]])
    return chain


def _write(workspace_id: int, table: str, links: Sequence[Merge], joined: Sequence[tuple[int, int]]) -> None:
    if not links:
        return
    rows = [(link.loser, link.survivor, link.at) for link in links]
    with connection.cursor() as cursor:
        cursor.execute(LINK.format(table=table), [*map(list, zip(*rows, strict=True))])
        cursor.execute(RECOUNT.format(table=table), [*map(list, zip(*joined, strict=True)), workspace_id])
