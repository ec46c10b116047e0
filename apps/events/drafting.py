"""From messages to what is to be stored: what each is an event of, what it says, and who is meant."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, Self

from apps.audience import identity, suppression
from apps.audience.merging import Merge
from apps.audience.models import Account, ProductUser
from apps.events import rows, taxonomy
from apps.events.claims import Claims, Pair, claims
from apps.events.messages import Message, Rejection
from apps.events.models import FACET_LENGTH, EventDefinition
from apps.events.rows import Draft
from apps.events.suppressing import SUPPRESSED
from apps.workspaces.exactjson import to_json

# Takes a share back, which counts none the less, but for one that was a mistake (KPIS.md A).
RETRACTED = "share.retracted"
JSON_TYPES: dict[str, type] = {"string": str, "boolean": bool, "integer": int}

Rejections = dict[int, Rejection]


@dataclass(frozen=True, slots=True)
class Reading:
    """A message, what it is an event of, and what it says of people and accounts."""

    message: Message
    definition: EventDefinition
    claims: Claims

    def users(self) -> set[str]:
        """The ids of users that it names."""
        return _named(self.message.user_id, self.claims.users) | _named(self.claims.referred)

    def people(self) -> set[str]:
        """The same, and the anonymous id."""
        return _named(self.message.anonymous_id) | self.users()

    def without_anonymous_id(self) -> Self:
        """The same, but for whose machine it came from."""
        message, said = replace(self.message, anonymous_id=None), replace(self.claims, anonymous_id=None)
        return replace(self, message=message, claims=said)

    def accounts(self) -> set[str]:
        """The ids of accounts that it names."""
        return _named(self.claims.account, self.claims.accounts)


def definitions(workspace_id: int, now: datetime, names: set[str]) -> dict[str, EventDefinition]:
    """The definitions of these event names; a name seen for the first time becomes an unplanned one."""
    known = EventDefinition.objects.filter(workspace=workspace_id, name__in=names)
    found = {definition.name: definition for definition in known}
    new = sorted(names - found.keys())
    if new:
        EventDefinition.objects.bulk_create(
            (
                EventDefinition(workspace_id=workspace_id, name=name, is_planned=False, first_seen=now)
                for name in new
            ),
            ignore_conflicts=True,
        )
        created = EventDefinition.objects.filter(workspace=workspace_id, name__in=new)
        found |= {definition.name: definition for definition in created}
    return found


def read(
    messages: Mapping[int, Message], defined: Mapping[str, EventDefinition]
) -> tuple[dict[int, Reading], Rejections]:
    """What the messages of a batch, by place, are and say; and which of them cannot be taken, and why."""
    readings, rejections = dict[int, Reading](), Rejections()
    for place, message in messages.items():
        definition = defined[message.name]
        try:
            _check_properties(message, definition.types)
            readings[place] = Reading(message, definition, claims(message, definition.kind))
        except Rejection as rejection:
            rejections[place] = rejection
    return readings, rejections


def without_the_erased(
    workspace_id: int, readings: Mapping[int, Reading]
) -> tuple[dict[int, Reading], Rejections]:
    """The messages that say nothing of anybody erased, and those that cannot be taken for that (KPIS.md G7).

    A message of somebody else that only carries an anonymous id of theirs, a shared machine's, is taken
    without it.
    """
    erased = suppression.suppressed(workspace_id, chain.from_iterable(one.people() for one in readings.values()))
    kept, rejections = dict[int, Reading](), Rejections()
    for place, one in readings.items():
        if erased.isdisjoint(one.people()):
            kept[place] = one
        elif one.message.user_id is not None and erased.isdisjoint(one.users()):
            kept[place] = one.without_anonymous_id()
        else:
            rejections[place] = SUPPRESSED
    return kept, rejections


def drafts(workspace_id: int, source: str, readings: Mapping[int, Reading]) -> list[Draft]:
    """The rows to store, in order of arrival; users and accounts who are new are created."""
    users = identity.resolve(
        workspace_id, ProductUser, chain.from_iterable(one.users() for one in readings.values())
    )
    accounts = identity.resolve(
        workspace_id, Account, chain.from_iterable(one.accounts() for one in readings.values())
    )
    return [
        Draft(
            place=place,
            message=one.message,
            claims=one.claims,
            definition_id=one.definition.pk,
            kind=one.definition.kind,
            source=source,
            key=_key("message", source, one.message.message_id),
            action_key=_action_key(source, one, taxonomy.SHARES.name),
            corrects=_corrects(source, one),
            user_id=None if one.message.user_id is None else users[one.message.user_id],
            account_id=None if one.claims.account is None else accounts[one.claims.account],
            referred_id=None if one.claims.referred is None else users[one.claims.referred],
            users=_merge(one.claims.users, users, one.message.occurred_at),
            accounts=_merge(one.claims.accounts, accounts, one.message.occurred_at),
        )
        for place, one in readings.items()
    ]


def _named(one: str | None, pair: Pair | None = None) -> set[str]:
    named = set() if one is None else {one}
    return named if pair is None else named | {pair.loser, pair.survivor}


def _merge(pair: Pair | None, known: Mapping[str, int], at: datetime) -> Merge | None:
    return None if pair is None else Merge(known[pair.loser], known[pair.survivor], at)


def _action_key(source: str, one: Reading, kind: str) -> uuid.UUID | None:
    """That of the action which an event of this kind, and of no other, tells of."""
    action_id = one.message.properties.get("action_id")
    if one.definition.kind != kind or not isinstance(action_id, str | int):
        return None
    return _key("action", source, str(action_id))


def _corrects(source: str, one: Reading) -> uuid.UUID | None:
    """The key of what a message corrects: of another message, or of the share that it says was a mistake."""
    if one.claims.corrects is not None:
        return _key("message", source, one.claims.corrects)
    is_mistake = one.message.properties.get("is_error") is True
    return _action_key(source, one, RETRACTED) if is_mistake else None


def _key(*parts: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest())


def _check_properties(message: Message, types: Mapping[str, str]) -> None:
    for name in types.keys() & message.properties.keys():
        value: Any = message.properties[name]
        if value is not None and not _is_of_type(value, types[name]):
            raise Rejection(
                "wrong_type",
                f"`{name}` of {message.name} is of type {types[name]}, not {to_json(value)[:60]}.",
            )
        if name in rows.TEXT_COLUMNS and isinstance(value, str) and len(value) > FACET_LENGTH:
            raise Rejection("too_long", f"`{name}` has at most {FACET_LENGTH} characters, not {len(value):,}.")


def _is_of_type(value: Any, name: str) -> bool:
    # A JSON boolean is an int to Python.
    return isinstance(value, JSON_TYPES[name]) and isinstance(value, bool) == (name == "boolean")
