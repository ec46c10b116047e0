"""Which account was whose primary one at which instants: kept as rows, for events that name no account."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.rollups.models import PrimaryAccount


@dataclass(frozen=True, slots=True)
class Stay:
    """From one instant until before another this was the user's primary account, both by ordinal."""

    subject: int
    account: int
    since: datetime
    until: datetime | None


def replace(workspace_id: int, subjects: Collection[int], wanted: Iterable[Stay]) -> set[int]:
    """Make the rows of these users say what is wanted; return the users of whom it is news."""
    rows = PrimaryAccount.objects.filter(workspace=workspace_id, subject__in=subjects)
    stored = {Stay(row.subject, row.account, row.since, row.until): row.pk for row in rows}
    new = set(wanted)
    gone, come = stored.keys() - new, new - stored.keys()
    if gone:
        rows.filter(pk__in=[stored[stay] for stay in gone]).delete()
    PrimaryAccount.objects.bulk_create(
        PrimaryAccount(workspace_id=workspace_id, **dataclasses.asdict(stay)) for stay in come
    )
    return {stay.subject for stay in gone | come}
