"""Everything said of people and accounts, under all the ids that count as one: what timelines are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import simplejson
from django.db import connection

from apps.audience.identity import INTERNAL_TRAIT
from apps.workspaces.exactjson import to_json

Said = TypeVar("Said")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Made once: simplejson.loads makes one for each call with options.
_DECODER = simplejson.JSONDecoder(parse_float=Decimal)

PEOPLE = """
    SELECT ordinal, erased_at, (
        SELECT min(valid_from) FROM audience_identityalias AS alias
        WHERE alias.user_id IN (
            SELECT id FROM audience_productuser AS one
            WHERE one.workspace_id = subject.workspace_id AND one.counts_as = subject.ordinal))
    FROM audience_productuser AS subject WHERE workspace_id = %s AND ordinal = ANY(%s)"""
ACCOUNTS = "SELECT ordinal, external_id FROM audience_account WHERE workspace_id = %s AND ordinal = ANY(%s)"
# Times come as microseconds: a million people have ten million, and the driver takes ten times as long for each.
TRAITS = """
    SELECT subject.counts_as, said.name, said.value,
           (extract(epoch FROM said.valid_from) * 1000000)::bigint, said.message_id
    FROM {table} AS subject JOIN audience_traitchange AS said ON said.{column} = subject.id
    WHERE subject.workspace_id = %s AND subject.counts_as = ANY(%s)
    ORDER BY said.valid_from, said.message_id, said.id"""
MEMBERSHIPS = """
    SELECT subject.counts_as, account.counts_as, said.is_member, said.role, said.is_primary,
           (extract(epoch FROM said.valid_from) * 1000000)::bigint, said.message_id
    FROM audience_productuser AS subject JOIN audience_membershipchange AS said ON said.user_id = subject.id
    JOIN audience_account AS account ON account.id = said.account_id
    WHERE subject.workspace_id = %s AND subject.counts_as = ANY(%s)
    ORDER BY said.valid_from, said.message_id, said.id"""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a user signed up or was deactivated, or an account was created or closed."""

    at: datetime
    is_opening: bool


@dataclass(frozen=True, slots=True)
class TraitSaid:
    """A trait's value from an instant on: as JSON, equal values as equal texts; None unsets it."""

    name: str
    value: str | None
    at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class MembershipSaid:
    """Whether a user belongs to an account, given by its canonical ordinal; None leaves a field as it was."""

    account: int
    is_member: bool
    role: str | None
    is_primary: bool | None
    at: datetime
    message_id: str = ""


# Known by their identity: comparing the histories of an account's members would compare its own each time.
@dataclass(frozen=True, eq=False)
class AccountHistory:
    """Everything said of an account, in any order; the id is the survivor's."""

    external_id: str
    traits: Sequence[TraitSaid] = ()
    moments: Sequence[Moment] = ()

    @property
    def is_internal(self) -> bool | None:
        """Whether it was last said to be our own; None where nothing was said (KPIS.md G7)."""
        return _is_internal(self.traits)


@dataclass(frozen=True, eq=False)
class PersonHistory:
    """Everything said of a person, in any order, and of each account that they ever belonged to, by ordinal."""

    traits: Sequence[TraitSaid] = ()
    memberships: Sequence[MembershipSaid] = ()
    accounts: Mapping[int, AccountHistory] = field(default_factory=dict)
    moments: Sequence[Moment] = ()
    first_alias: datetime | None = None
    erased_at: datetime | None = None

    @property
    def is_internal(self) -> bool | None:
        """Whether they were last said to be one of our own; None where nothing was said (KPIS.md G7)."""
        return _is_internal(self.traits)


Moments = Mapping[int, Sequence[Moment]]


def load_people(workspace_id: int, ordinals: Sequence[int], moments: Moments) -> dict[int, PersonHistory]:
    """The histories of canonical users by ordinal, in five statements; `moments` are theirs."""
    traits = _traits("audience_productuser", "user_id", workspace_id, ordinals)
    memberships = _by_ordinal(
        (ordinal, MembershipSaid(account, is_member, role, is_primary, _instant(at), message_id))
        for ordinal, account, is_member, role, is_primary, at, message_id in _rows(
            MEMBERSHIPS, workspace_id, ordinals
        )
    )
    joined = {said.account for told in memberships.values() for said in told}
    accounts = load_accounts(workspace_id, sorted(joined), {})
    return {
        ordinal: PersonHistory(
            traits=traits[ordinal],
            memberships=memberships[ordinal],
            accounts={said.account: accounts[said.account] for said in memberships[ordinal]},
            moments=moments.get(ordinal, ()),
            first_alias=first_alias,
            erased_at=erased_at,
        )
        for ordinal, erased_at, first_alias in _rows(PEOPLE, workspace_id, ordinals)
    }


def load_accounts(workspace_id: int, ordinals: Sequence[int], moments: Moments) -> dict[int, AccountHistory]:
    """The histories of canonical accounts by ordinal, in two statements; `moments` are theirs."""
    if not ordinals:
        return {}
    traits = _traits("audience_account", "account_id", workspace_id, ordinals)
    return {
        ordinal: AccountHistory(external_id, traits[ordinal], moments.get(ordinal, ()))
        for ordinal, external_id in _rows(ACCOUNTS, workspace_id, ordinals)
    }


def _traits(table: str, column: str, workspace_id: int, ordinals: Sequence[int]) -> Mapping[int, list[TraitSaid]]:
    found = _rows(TRAITS.format(table=table, column=column), workspace_id, ordinals)
    # Many have the same values; kept for longer, they would outlive an erasure.
    canonical = cache(_canonical)
    return _by_ordinal(
        (ordinal, TraitSaid(name, canonical(value), _instant(at), message_id))
        for ordinal, name, value, at, message_id in found
    )


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _by_ordinal(told: Iterable[tuple[int, Said]]) -> Mapping[int, list[Said]]:
    found = defaultdict[int, list[Said]](list)
    for ordinal, said in told:
        found[ordinal].append(said)
    return found


def _rows(statement: str, workspace_id: int, ordinals: Sequence[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [workspace_id, list(ordinals)])
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _canonical(stored: str | None) -> str | None:
    """JSON as the database gives it back, written as we write it."""
    value = None if stored is None else _DECODER.decode(stored)
    return None if value is None else to_json(_in_order(value))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _is_internal(traits: Iterable[TraitSaid]) -> bool | None:
    told = [said for said in traits if said.name == INTERNAL_TRAIT]
    return max(told, key=lambda said: (said.at, said.message_id)).value == "true" if told else None
