"""Which accounts somebody belongs to when, and which is the primary one (KPIS.md G8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TypeVar

from apps.audience.days import Steps, day_of
from apps.audience.histories import AccountHistory, MembershipSaid, PersonHistory

Order = tuple[datetime, str]
When = TypeVar("When", date, datetime)


@dataclass(frozen=True, slots=True)
class Place:
    """The accounts that somebody belongs to, the primary one of them, and the role there."""

    accounts: frozenset[int]
    primary: int | None
    role: str | None


@dataclass(slots=True)
class _Spell:
    """A membership since it last began; `chosen` is when it was said to be primary, if that still holds."""

    began: Order
    role: str | None = None
    chosen: Order | None = None


def places(history: PersonHistory, zone: str) -> Steps[Place]:
    """Where a person belonged at the ends of local days."""
    return Steps.of(_places(history, lambda said: day_of(said.at, zone)))


def primaries(history: PersonHistory) -> list[tuple[int, datetime, datetime | None]]:
    """Of each account that was the primary one since when and until when, to the instant, in order of time."""
    told = groupby(_places(history, lambda said: said.at), key=lambda stood: stood[1].primary)
    begun = [(account, next(stood)[0]) for account, stood in told]
    ends = [*(since for _, since in begun), None][1:]
    return [
        (account, since, until) for (account, since), until in zip(begun, ends, strict=True) if account is not None
    ]


def _places(history: PersonHistory, when: Callable[[MembershipSaid], When]) -> Iterator[tuple[When, Place]]:
    """Where a person belonged after all that was said at one time, by days or by instants."""
    spells: dict[int, _Spell] = {}
    for time, said_then in groupby(sorted(history.memberships, key=_order), key=when):
        for said in said_then:
            _take(spells, said)
        primary = _primary(spells, history.accounts)
        yield time, Place(frozenset(spells), primary, spells[primary].role if primary is not None else None)


def _take(spells: dict[int, _Spell], said: MembershipSaid) -> None:
    if not said.is_member:
        spells.pop(said.account, None)
        return
    spell = spells.setdefault(said.account, _Spell(_order(said)))
    spell.role = said.role or spell.role
    if said.is_primary is not None:
        spell.chosen = _order(said) if said.is_primary else None


def _primary(spells: Mapping[int, _Spell], accounts: Mapping[int, AccountHistory]) -> int | None:
    """The account last said to be the primary one, or else the one that was joined first."""
    named = [(spell, accounts[account].external_id, account) for account, spell in spells.items()]
    chosen = [(spell.chosen, name, account) for spell, name, account in named if spell.chosen is not None]
    if chosen:
        return max(chosen)[2]
    return min(((spell.began, name, account) for spell, name, account in named), default=(None, None, None))[2]


def _order(said: MembershipSaid) -> Order:
    return said.at, said.message_id
