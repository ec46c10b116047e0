"""Messages that say who somebody is: the calls of the tracking API and the events that people are made of."""

from __future__ import annotations

from typing import Any

from tests.world import act, track

AT = "2026-04-10T12:00:00"


def identify(who: str, at: str = AT, anonymous: str | None = None, **traits: Any) -> dict[str, Any]:
    visit = {} if anonymous is None else {"anonymousId": anonymous}
    message = traits.pop("message", None)
    named = {} if message is None else {"messageId": message}
    return {**track("", who, at), **visit, **named, "type": "identify", "traits": traits}


def group(who: str | None, account: str, at: str = AT, **traits: Any) -> dict[str, Any]:
    visit = {"anonymousId": "somebody"} if who is None else {}
    return {
        **track("", who or "", at),
        **visit,
        "userId": who,
        "type": "group",
        "groupId": account,
        "traits": traits,
    }


def alias(who: str, previous: str, at: str = AT) -> dict[str, Any]:
    return {**track("", who, at), "type": "alias", "previousId": previous}


def merged(loser: str, survivor: object, at: str = AT, **properties: Any) -> dict[str, Any]:
    return track("user.merged", loser, at, into=survivor, **properties)


def accounts_merged(loser: object, survivor: object, at: str = AT) -> dict[str, Any]:
    return track("account.merged", "alice", at, account=loser, into=survivor)


def unnamed(message: dict[str, Any], anonymous: str) -> dict[str, Any]:
    """The same by somebody who did not say who they are."""
    return {**message, "userId": None, "anonymousId": anonymous}


def visit(anonymous: str, at: str = AT, **properties: Any) -> dict[str, Any]:
    return unnamed(act("", at, **properties), anonymous)
