"""Changes that reach further than their own transaction could see: a merge, a move, a visitor who became known,
a correction.

Their markers are deleted and then expanded into buckets and subjects by a transaction that begins after theirs
has committed; at ingest they would miss events that were not committed yet (DESIGN section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.audience import groups
from apps.audience.marking import ANONYMOUS, CORRECTED, LINKED, MERGED, MOVED, mark_ordinals
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.events import corrections, hours, referring, taxonomy
from apps.events.hours import Whose
from apps.rollups.build.content import CAUSES, Bucket
from apps.rollups.marking import Waiting, mark
from apps.workspaces.models import Workspace

BATCH = 10_000
OF_ACCOUNTS = [name for name, series in taxonomy.SERIES.items() if series.space is Space.ACCOUNT]

TAKE = """
    DELETE FROM workspaces_marker WHERE id IN (
        SELECT id FROM workspaces_marker WHERE workspace_id = %s AND family = %s AND start IS NULL AND series <> %s
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING series, subject, key, since"""


@transaction.atomic
def expand(workspace_id: int, *, moves: bool = True) -> int:
    """Turn the oldest causes of a workspace into markers of what they reach; return how many there were.

    Without `moves` those of whoever moved are left: a crowd did something in nearly every hour, and each few of
    them would have all of those built once more.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [workspace_id, CAUSES, "" if moves else MOVED, BATCH])
        causes = cursor.fetchall()
    if not causes:
        return 0
    since = min(cause[3] for cause in causes)
    anonymous = sorted({key for series, _, key, _ in causes if series == ANONYMOUS})
    mark_ordinals(workspace_id, Space.USER, groups.identified(workspace_id, anonymous), since)

    def told(cause: str, space: Space = Space.USER) -> list[int]:
        return groups.keys(workspace_id, space, {subject for series, subject, _, _ in causes if series == cause})

    merged, moved = told(MERGED[Space.USER]), told(MOVED)
    accounts = told(MERGED[Space.ACCOUNT], Space.ACCOUNT)
    visits = [*anonymous, *groups.anonymous_ids(workspace_id, merged)]
    mark_hours(workspace_id, Whose(merged, visits), since)
    # That somebody did not refer them may have been said of another id of the same person.
    mark_ordinals(workspace_id, Space.USER, referring.referred_by(workspace_id, Whose(merged, visits)), since)
    elsewhere = Whose(moved, groups.anonymous_ids(workspace_id, moved), accounts)
    mark_hours(workspace_id, elsewhere, since, OF_ACCOUNTS)
    for key, cause in LINKED.items():
        joined = sorted({value for series, _, value, _ in causes if series == cause})
        mark_linked(workspace_id, key, joined, since)
    mark_corrected(workspace_id, sorted({key for series, _, key, _ in causes if series == CORRECTED}), since)
    return len(causes)


def mark_linked(workspace_id: int, key: str, values: Sequence[str], since: datetime) -> None:
    """Mark the hours of what may count otherwise by others with the same key, "link" or "session"."""
    whose = Whose(links=values) if key == "link" else Whose(sessions=values)
    mark_hours(workspace_id, whose, since, taxonomy.JOINED[key])


def mark_corrected(workspace_id: int, keys: Sequence[str], since: datetime) -> None:
    """Mark what counts otherwise since the events of these keys were corrected, voided, or are so no more."""
    found = corrections.targets(workspace_id, keys) if keys else []
    if not found:
        return
    mark_hours(workspace_id, Whose(corrected=keys), since)
    versions = taxonomy.versions_of(Workspace.objects.only("versions").get(pk=workspace_id))
    known = [taxonomy.load(workspace_id, version) for version in {version for _, version in versions.pairs()}]
    for key in LINKED:
        joining = {pk for meanings in known for pk in meanings.joining(key)}
        joined = {one.keys[key] for one in found if one.definition_id in joining}
        mark_linked(workspace_id, key, sorted(value for value in joined if value), since)
    opening = {pk for meanings in known for pk in (*meanings.state_kinds(), *meanings.referrals())}
    told = [one for one in found if one.definition_id in opening]
    visitors = {one.anonymous_id for one in told if one.anonymous_id}
    people = {pk for one in told for pk in (one.user, one.referred) if pk is not None}
    mark_ordinals(workspace_id, Space.USER, people | groups.identified(workspace_id, visitors), since)
    accounts = {one.account for one in told if one.account is not None}
    mark_ordinals(workspace_id, Space.ACCOUNT, accounts, since)


def mark_hours(workspace_id: int, whose: Whose, since: datetime, names: Collection[str] = taxonomy.SERIES) -> None:
    """Mark the hours of every series of events, or only of these, in which somebody did something."""
    workspace = Workspace.objects.only("versions").get(pk=workspace_id)
    found = dict[tuple[int, tuple[int, ...]], set[datetime]]()
    for series, version in sorted(taxonomy.versions_of(workspace).pairs()):
        if series in names:
            meanings = taxonomy.load(workspace_id, version)
            # Several series tell the same events apart.
            fed = version, tuple(meanings.feeders(series))
            if fed not in found:
                found[fed] = hours.of(workspace_id, meanings, series, whose)
            buckets = [Bucket(workspace_id, series, version, Grain.HOUR, start) for start in found[fed]]
            mark(dict.fromkeys(buckets, Waiting(1, since)))
