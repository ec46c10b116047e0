"""What a message says of people and accounts, by the sender's ids: read off its type and the kind of its event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from apps.audience.identity import ICP_TRAIT
from apps.audience.models import ID_LENGTH, ROLE_LENGTH
from apps.events.messages import Message, Rejection, id_in
from apps.events.taxonomy import REFERRAL_KINDS
from apps.workspaces.exactjson import to_json

UNMERGED = frozenset({"user.unmerged", "account.unmerged"})
OF_ACCOUNTS = ("account.", "membership.")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ids of one person or account: all of the loser is the survivor's."""

    loser: str
    survivor: str


@dataclass(frozen=True, slots=True)
class Belongs:
    """Whether the message's user belongs to its account; None leaves a field as it was."""

    is_member: bool
    role: str | None = None
    is_primary: bool | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What is to be written down of a message's user and account, or of another message.

    `account` is the account of the event, `anonymous_id` one that turned out to be the user's. `corrects` is the
    id of the message that this one corrects, or `voids`. `referred` is the user whom a referral is of, where it
    names one, and `referrer` the user, or the partner, that it names.
    """

    account: str | None
    user_traits: Mapping[str, Any] | None = None
    account_traits: Mapping[str, Any] | None = None
    anonymous_id: str | None = None
    membership: Belongs | None = None
    users: Pair | None = None
    accounts: Pair | None = None
    corrects: str | None = None
    voids: bool = False
    referred: str | None = None
    referrer: str | None = None


def claims(message: Message, kind: str) -> Claims:
    """What a message says, being an event of this kind ("" for none). Raises Rejection."""
    if message.name in UNMERGED or kind in UNMERGED:
        raise Rejection("cannot_unmerge", "Merges are for ever: two ids that are one cannot be taken apart again.")
    account = _account(message) if kind.startswith(OF_ACCOUNTS) else message.group_id
    said: dict[str, Any] = {}
    for says in (BY_TYPE.get(message.type), BY_KIND.get(kind)):
        if says:
            said |= says(message)
    # What means nothing yet may be mapped to a referral, with all its history.
    if message.type == "track" and (not kind or kind in REFERRAL_KINDS):
        said |= {"referred": _text(message, "referred_user"), "referrer": _text(message, "referrer")}
    return Claims(account, **said)


def _identify(message: Message) -> dict[str, Any]:
    if message.user_id is None:
        return {}
    return {"user_traits": message.traits, "anonymous_id": message.anonymous_id}


def _group(message: Message) -> dict[str, Any]:
    joined = {} if message.user_id is None else {"membership": Belongs(is_member=True)}
    return {"account_traits": message.traits, **joined}


def _alias(message: Message) -> dict[str, Any]:
    if message.previous_id is None:
        _missing(message, "previousId", "the id that the user was known by")
    return {"users": Pair(message.previous_id, _user(message)), "anonymous_id": message.previous_id}


def _users_merged(message: Message) -> dict[str, Any]:
    return {"users": Pair(_user(message), _into(message))}


def _accounts_merged(message: Message) -> dict[str, Any]:
    return {"accounts": Pair(_account(message), _into(message))}


def _joined(message: Message) -> dict[str, Any]:
    _user(message)
    return {"membership": Belongs(True, _role(message), _is_primary(message))}


def _left(message: Message) -> dict[str, Any]:
    _user(message)
    return {"membership": Belongs(is_member=False)}


def _matched(message: Message) -> dict[str, Any]:
    return {"user_traits": {_profile(message): True}}


def _unmatched(message: Message) -> dict[str, Any]:
    return {"user_traits": {_profile(message): False}}


def _corrected(message: Message) -> dict[str, Any]:
    return {"corrects": _other_message(message)}


def _voided(message: Message) -> dict[str, Any]:
    return {"corrects": _other_message(message), "voids": True}


BY_TYPE: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}
BY_KIND: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "user.merged": _users_merged,
    "account.merged": _accounts_merged,
    "membership.added": _joined,
    # Whoever has a role in an account belongs to it.
    "membership.role_changed": _joined,
    "membership.removed": _left,
    "icp.matched": _matched,
    "icp.unmatched": _unmatched,
    "event.corrected": _corrected,
    "event.voided": _voided,
}


def _user(message: Message) -> str:
    return message.user_id or _missing(message, "userId", "whom it is about")


def _account(message: Message) -> str:
    account = message.group_id or id_in(message.properties, "account")
    return account or _missing(message, "account", "the account, unless `context.groupId` does")


def _into(message: Message) -> str:
    return id_in(message.properties, "into") or _missing(message, "into", "the id that all is counted as")


def _other_message(message: Message) -> str:
    said = message.properties.get("corrects")
    if said is None:
        _missing(message, "corrects", "the message id of the event that is meant")
    if not isinstance(said, str) or not 0 < len(said) <= ID_LENGTH:
        expected = f"a text of 1 to {ID_LENGTH} characters, the message id of the event that is meant"
        raise Rejection("wrong_type", f"`corrects` of {message.name} is {expected}, not {to_json(said)[:60]}.")
    return said


def _profile(message: Message) -> str:
    _user(message)
    profile = message.properties.get("profile")
    if not isinstance(profile, str) or not profile:
        _missing(message, "profile", "the slug of an ICP profile")
    return ICP_TRAIT + profile


def _role(message: Message) -> str | None:
    role = message.properties.get("role")
    if role is not None and not (isinstance(role, str) and 0 < len(role) <= ROLE_LENGTH):
        expected = f"a text of 1 to {ROLE_LENGTH} characters"
        raise Rejection("wrong_type", f"`role` of {message.name} is {expected}, not {to_json(role)[:60]}.")
    return role


def _is_primary(message: Message) -> bool | None:
    said = message.properties.get("is_primary")
    if said is not None and not isinstance(said, bool):
        raise Rejection("wrong_type", f"`is_primary` of {message.name} is a boolean, not {to_json(said)[:60]}.")
    return said


def _text(message: Message, name: str) -> str | None:
    """An id that is as good as none where it is no text of an id's length."""
    value = message.properties.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= ID_LENGTH else None


def _missing(message: Message, name: str, meaning: str) -> NoReturn:
    raise Rejection("missing_property", f"`{name}` of {message.name} is missing: it names {meaning}.")
