"""What stored messages say of people and accounts, written into their histories."""

from __future__ import annotations

from collections.abc import Sequence

from apps.audience import marking, merging, statements
from apps.audience.models import Account, ProductUser
from apps.audience.statements import Belonging, Described, Recognised
from apps.events.messages import Rejection
from apps.events.rows import Draft


def merge(workspace_id: int, stored: Sequence[Draft]) -> list[tuple[Draft, Rejection]]:
    """Carry out the merges in order of arrival, and mark what they join; return those that are refused."""
    told = sorted(stored, key=lambda draft: draft.place)
    users = [(draft, draft.users) for draft in told if draft.users is not None]
    accounts = [(draft, draft.accounts) for draft in told if draft.accounts is not None]
    refused = []
    for model, pairs in ((ProductUser, users), (Account, accounts)):
        if pairs:
            merged = merging.merge(workspace_id, model, [one for _, one in pairs])
            marking.mark_merged(workspace_id, model, merged.joined)
            refused += [pairs[place][0] for place in sorted(merged.refused)]
    return [(draft, _cycle(draft)) for draft in refused]


def tell(workspace_id: int, stored: Sequence[Draft]) -> None:
    """Append what messages say to the histories of their users and accounts."""
    users = [said for draft in stored if (said := _of_user(draft)) is not None]
    accounts = [said for draft in stored if (said := _of_account(draft)) is not None]
    recognised = [alias for draft in stored if (alias := _recognised(draft)) is not None]
    belongings = [place for draft in stored if (place := _belonging(draft)) is not None]
    statements.describe(workspace_id, ProductUser, users)
    statements.describe(workspace_id, Account, accounts)
    statements.recognise(workspace_id, recognised)
    statements.join(workspace_id, belongings)


def _of_user(draft: Draft) -> Described | None:
    message, traits = draft.message, draft.claims.user_traits
    if not traits or draft.user_id is None:
        return None
    return Described(draft.user_id, traits, message.occurred_at, message.message_id)


def _of_account(draft: Draft) -> Described | None:
    message, traits = draft.message, draft.claims.account_traits
    if not traits or draft.account_id is None:
        return None
    return Described(draft.account_id, traits, message.occurred_at, message.message_id)


def _recognised(draft: Draft) -> Recognised | None:
    message, anonymous_id = draft.message, draft.claims.anonymous_id
    if anonymous_id is None or draft.user_id is None:
        return None
    return Recognised(anonymous_id, draft.user_id, message.occurred_at, message.message_id)


def _belonging(draft: Draft) -> Belonging | None:
    message, said = draft.message, draft.claims.membership
    if said is None or draft.user_id is None or draft.account_id is None:
        return None
    return Belonging(
        user_id=draft.user_id,
        account_id=draft.account_id,
        is_member=said.is_member,
        role=said.role,
        is_primary=said.is_primary,
        at=message.occurred_at,
        message_id=message.message_id,
    )


def _cycle(draft: Draft) -> Rejection:
    return Rejection(
        "merge_cycle",
        f"{draft.message.name} merges into an id that was merged into this one before, or into itself.",
    )
