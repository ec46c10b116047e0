"""What stored messages change: the hours that they count in, and the people and accounts that they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.audience import marking
from apps.audience.models import Account, ProductUser
from apps.engine.periods import Grain, bucket_start
from apps.events import taxonomy
from apps.events.rows import Draft
from apps.events.taxonomy import Versions
from apps.workspaces.models import Workspace

# Rows made by the ORM took a third of the time of storing a batch.
APPEND = """
    INSERT INTO workspaces_marker (workspace_id, family, grain, key, series, version, start, events)
    SELECT %s, 'events', 'hour', '', * FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::int[])"""


def mark(workspace_id: int, stored: Sequence[Draft]) -> None:
    """Mark what stored messages change; what was merged is marked by `telling.merge`.

    Reads the version map in the caller's transaction, which must hold `taxonomy.writer_lock`.
    """
    versions = taxonomy.versions_of(Workspace.objects.only("versions").get(pk=workspace_id))
    _mark_hours(
        workspace_id, versions, Counter((draft.definition_id, draft.message.occurred_at) for draft in stored)
    )
    known = [taxonomy.load(workspace_id, version) for version in {version for _, version in versions.pairs()}]
    kinds = [meanings.state_kinds().items() for meanings in known]
    told = _Told(
        states=frozenset((pk, kind.partition(".")[0]) for some in kinds for pk, kind in some),
        referrals=frozenset(pk for meanings in known for pk in meanings.referrals()),
    )
    marking.mark(workspace_id, ProductUser, [pk for draft in stored for pk in told.users(draft)])
    marking.mark(workspace_id, Account, [pk for draft in stored if (pk := told.account(draft)) is not None])
    anonymous = Counter(key for draft in stored if (key := told.anonymous_id(draft)) is not None)
    marking.mark_keys(workspace_id, marking.ANONYMOUS, anonymous)
    corrected = Counter(str(draft.corrects) for draft in stored if draft.corrects)
    marking.mark_keys(workspace_id, marking.CORRECTED, corrected)
    for key, cause in marking.LINKED.items():
        joining = {pk for meanings in known for pk in meanings.joining(key)}
        joined = (draft.keys[key] for draft in stored if draft.definition_id in joining)
        marking.mark_keys(workspace_id, cause, Counter(value for value in joined if value))


@dataclass(frozen=True, slots=True)
class _Told:
    """Of whom a message tells something, by its definition.

    `states` are what opens or closes a "user" or an "account", `referrals` what says who was referred, or was not.
    """

    states: frozenset[tuple[int, str]]
    referrals: frozenset[int]

    def users(self, draft: Draft) -> set[int]:
        """The users of whom anything is said: its own, to whom doing something is no state, and one referred."""
        said = draft.claims
        says = said.user_traits or said.anonymous_id or said.membership or self._is_state(draft, "user")
        own = draft.user_id if says or self._is_referred(draft) else None
        other = draft.referred_id if draft.definition_id in self.referrals else None
        return {pk for pk in (own, other) if pk is not None}

    def account(self, draft: Draft) -> int | None:
        """The account, if anything is said of it itself."""
        return draft.account_id if draft.claims.account_traits or self._is_state(draft, "account") else None

    def anonymous_id(self, draft: Draft) -> str | None:
        """The anonymous id of whose events, or by whose events, somebody's states may change."""
        if draft.user_id is None and (self._is_state(draft, "user") or self._is_referred(draft)):
            return draft.message.anonymous_id
        return draft.claims.anonymous_id

    def _is_state(self, draft: Draft, space: str) -> bool:
        return (draft.definition_id, space) in self.states

    def _is_referred(self, draft: Draft) -> bool:
        """Whether it is whoever the event is of who was referred, or was not."""
        return draft.definition_id in self.referrals and draft.referred_id is None


def _mark_hours(workspace_id: int, versions: Versions, told: Counter[tuple[int, datetime]]) -> None:
    hours: dict[str, dict[datetime, datetime]] = {}
    buckets: Counter[tuple[str, int, datetime]] = Counter()
    for series, version in versions.pairs():
        meanings = taxonomy.load(workspace_id, version)
        feeders = meanings.feeders(series)
        if meanings.zone not in hours:
            hours[meanings.zone] = {at: bucket_start(at, Grain.HOUR, meanings.zone) for _, at in told}
        for (definition_id, at), times in told.items():
            if definition_id in feeders:
                buckets[series, version, hours[meanings.zone][at]] += times
    if buckets:
        rows = [(*bucket, times) for bucket, times in buckets.items()]
        with connection.cursor() as cursor:
            cursor.execute(APPEND, [workspace_id, *map(list, zip(*rows, strict=True))])
