"""What a plain message says, read by itself."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeAlias

Raw: TypeAlias = dict[str, Any]
Moment: TypeAlias = tuple[datetime, str]
"""What decides which of two statements is the later one: the instant, then the message id."""

# The properties without which these events say nothing.
REQUIRED = {
    "user.merged": "into",
    "account.merged": "into",
    "icp.matched": "profile",
    "icp.unmatched": "profile",
    "event.corrected": "corrects",
    "event.voided": "corrects",
}
MERGES = ("user.merged", "account.merged")
OF_ACCOUNTS = ("account.", "membership.")
SHARE, MESSAGE, PROMPT = "share.created", "referral_message.sent", "referral_prompt.shown"
INTERACTION, START = "referral_prompt.interacted", "session.started"
CORRECTED, VOIDED, RETRACTED = "event.corrected", "event.voided", "share.retracted"
SIGNUP, ATTRIBUTED, REJECTED = "user.signed_up", "referral.attributed", "referral.rejected"
OF_SHARES = ("share_type", "share_scope", "channel", "object_type", "feature")
OF_PROMPTS = ("prompt", "placement", "variant")
TEXTS = (*OF_SHARES, *OF_PROMPTS, "source_channel", "template", "kind", "platform", "campaign")
# A message that bounced was sent.
SENT = (None, "sent", "delivered", "bounced")
# What is done with a prompt; that it closed by itself is nothing that anybody did.
KINDS = frozenset({"click", "hover", "expand", "accept", "decline", "dismiss"})
# By whom things are done that somebody did who was erased.
ERASED = "(erased)"


def moment(raw: Raw) -> Moment:
    # In UTC: two times of one zone are compared by their clocks, which go back once a year.
    return datetime.fromisoformat(raw["timestamp"]).astimezone(UTC), raw["messageId"]


def key(raw: Raw) -> bytes:
    """What tells a stored message from every other, in no order that means anything."""
    return blake2b(f"message\0{raw['source']}\0{raw['messageId']}".encode(), digest_size=16).digest()


def said(raw: Raw) -> Raw:
    """The properties of an event."""
    properties: Raw = raw.get("properties", {})
    return properties


def fields(raw: Raw) -> dict[str, str | None]:
    """By what an event can be told from others of its name; an empty text says nothing."""
    word = said(raw).get("message_customized")
    customized = str(word).lower() if isinstance(word, bool) else None
    return {name: said(raw).get(name) or None for name in TEXTS} | {"customized": customized}


def is_valid(raw: Raw) -> bool:
    """Whether a share was made, a message sent, a prompt seen or answered; others are what they are called."""
    told, status = said(raw), said(raw).get("status")
    if raw["event"] == SHARE:
        return told.get("is_error") is not True and status not in ("failed", "cancelled")
    if raw["event"] == MESSAGE:
        return status in SENT
    if raw["event"] == INTERACTION:
        return str(told.get("kind")) in KINDS
    return raw["event"] != PROMPT or told.get("viewable") is not False


def user_of(raw: Raw) -> str | None:
    """The id of the user whom a message names."""
    return None if raw.get("userId") is None else str(raw["userId"])


def alias_of(raw: Raw) -> str | None:
    """The anonymous id that a message says is its user's (KPIS.md G6)."""
    if raw["type"] == "alias":
        return str(raw["previousId"])
    if raw["type"] == "identify" and user_of(raw) is not None and "anonymousId" in raw:
        return str(raw["anonymousId"])
    return None


def account_of(raw: Raw) -> str | None:
    """The account that a group call or an event is about."""
    if raw["type"] == "group":
        return str(raw["groupId"])
    named = [raw.get("context", {}).get("groupId")]
    if str(raw.get("event")).startswith(OF_ACCOUNTS):
        named.append(said(raw).get("account"))
    return next((str(account) for account in named if account is not None), None)


def merging(raw: Raw) -> tuple[str, str] | None:
    """Whom a message merges into whom."""
    if raw["type"] == "alias":
        return str(raw["previousId"]), str(raw["userId"])
    if raw.get("event") in MERGES:
        loser = user_of(raw) if raw["event"] == "user.merged" else account_of(raw)
        return str(loser), str(said(raw)["into"])
    return None


def people_of(raw: Raw) -> set[str]:
    """The ids of people in a message, of whatever kind."""
    named = [raw.get("userId"), raw.get("anonymousId"), raw.get("previousId")]
    if raw.get("event") == "user.merged":
        named.append(said(raw).get("into"))
    if raw.get("event") in (ATTRIBUTED, REJECTED):
        named.append(said(raw).get("referred_user"))
    return {str(one) for one in named if one is not None}


def texts(said: object) -> set[str]:
    """Every text in a message."""
    if isinstance(said, dict):
        return {text for part in (*said, *said.values()) for text in texts(part)}
    if isinstance(said, list):
        return {text for part in said for text in texts(part)}
    return {said} if isinstance(said, str) else set()


def fault(raw: Raw) -> str | None:
    """The code of what keeps a message from being about merges, memberships and matches at all."""
    event = str(raw.get("event"))
    if event in ("user.unmerged", "account.unmerged"):
        return "cannot_unmerge"
    lacks_account = event.startswith(OF_ACCOUNTS) and account_of(raw) is None
    if lacks_account or (event in REQUIRED and said(raw).get(REQUIRED[event]) is None):
        return "missing_property"
    return None
