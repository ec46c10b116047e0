"""By what a person was referred: the one attribution that counts, of all that was ever said (KPIS.md B)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

# An attribution may come this much later than the sign-up that it explains.
LATEST = timedelta(days=7)

# A canonical user by ordinal, a partner who is no user by the id that they were named by, or nobody known.
Referrer: TypeAlias = int | str | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Somebody is said to have referred a person at an instant, in a way that facets tell.

    `link` is the id of the referral message that led to it. Of two of one instant the one with the greater key,
    which does not tell in which order they came, is the later.
    """

    at: datetime
    key: UUID
    referrer: Referrer
    kind: str | None = None
    campaign: str | None = None
    source_channel: str | None = None
    link: str | None = None


def chosen(
    person: int, signed_up_at: datetime, attributions: Iterable[Attribution], rejected: Collection[Referrer]
) -> Attribution | None:
    """The last valid attribution until the first sign-up, or else the first within seven days after it.

    Nobody refers themselves. `rejected` are those whose referrals of the person are none, now or ever; an unknown
    one among them rejects whoever it was.
    """
    if None in rejected:
        return None
    valid = [one for one in attributions if one.referrer != person and one.referrer not in rejected]
    before = [one for one in valid if one.at <= signed_up_at]
    if before:
        return max(before, key=_order)
    after = (one for one in valid if one.at < signed_up_at + LATEST)
    return min(after, key=_order, default=None)


def _order(one: Attribution) -> tuple[datetime, UUID]:
    return one.at, one.key
