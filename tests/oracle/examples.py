"""Messages as one writes them by hand, and what the oracle makes of them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.oracle.ledger import ACCEPTED, Ledger
from tests.oracle.messages import Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

NUMBERS = count(1)
LATER = datetime(2026, 6, 10, tzinfo=UTC)


def message(kind: str, day: str, **said: Any) -> Raw:
    """`day` is one of 2026-04-30, at noon, or an instant."""
    timestamp = day if "T" in day else f"{day}T12:00:00Z"
    return {"type": kind, "messageId": f"m-{next(NUMBERS):05}", "timestamp": timestamp} | said


def did(user: str, event: str, day: str, **properties: Any) -> Raw:
    return message("track", day, userId=user, event=event, properties=properties)


def worked(user: str, day: str) -> Raw:
    return did(user, "action.performed", day)


def visited(visitor: str, day: str, event: str = "action.performed") -> Raw:
    return message("track", day, anonymousId=visitor, event=event, properties={})


def shared(user: str, day: str, **properties: Any) -> Raw:
    told: dict[str, Any] = {"action_id": f"a-{next(NUMBERS)}", "share_type": "link", "share_scope": "product"}
    return did(user, "share.created", day, **(told | properties))


def wrote(user: str, day: str, is_customized: bool | None = None, **properties: Any) -> Raw:
    """Sent a referral message."""
    told: dict[str, Any] = {"message_id": f"r-{next(NUMBERS)}", "message_customized": is_customized}
    return did(user, "referral_message.sent", day, **(told | properties))


def saw(user: str, day: str, **properties: Any) -> Raw:
    """Was shown a referral prompt."""
    return did(user, "referral_prompt.shown", day, **({"impression": f"i-{next(NUMBERS)}"} | properties))


def acted(user: str, day: str, impression: str | None, kind: object = "click", **properties: Any) -> Raw:
    """Did something with a referral prompt."""
    told = {"impression": impression, "kind": kind} | properties
    return did(user, "referral_prompt.interacted", day, **told)


def began(user: str, day: str, session: str | None = None, **properties: Any) -> Raw:
    """Began a session, or one that has no name."""
    named = {} if session is None else {"session": session}
    return did(user, "session.started", day, **(named | properties))


def corrected(target: Raw, day: str = "2026-05-10", user: str = "carla", **news: Any) -> Raw:
    """A correction, most often by somebody else and of another month."""
    return did(user, "event.corrected", day, corrects=target["messageId"], **news)


def voided(target: Raw, day: str = "2026-05-10", user: str = "carla") -> Raw:
    return did(user, "event.voided", day, corrects=target["messageId"])


def retracted(target: Raw, day: str = "2026-05-10", user: str = "carla", **said: Any) -> Raw:
    """A share is taken back."""
    return did(user, "share.retracted", day, action_id=target["properties"]["action_id"], **said)


def joined(user: str, day: str) -> Raw:
    """Signed up."""
    return did(user, "user.signed_up", day)


def attributed(user: str, day: str, **properties: Any) -> Raw:
    """A referral as an event of a user, of theirs or, with `referred_user`, of another one's."""
    return did(user, "referral.attributed", day, **properties)


def rejected(user: str, day: str, **properties: Any) -> Raw:
    return did(user, "referral.rejected", day, **properties)


def anonymous(raw: Raw, visitor: str) -> Raw:
    """The same, done by a visitor."""
    return {name: value for name, value in raw.items() if name != "userId"} | {"anonymousId": visitor}


def called(user: str, day: str, **traits: object) -> Raw:
    return message("identify", day, userId=user, traits=traits)


def recognised(visitor: str, user: str, day: str) -> Raw:
    return called(user, day) | {"anonymousId": visitor}


def aliased(previous: str, user: str, day: str) -> Raw:
    return message("alias", day, userId=user, previousId=previous)


def merged(loser: str, survivor: str, day: str = "2026-05-01") -> Raw:
    return did(loser, "user.merged", day, into=survivor)


def accounts_merged(loser: str, survivor: str, day: str = "2026-05-01") -> Raw:
    return did("admin", "account.merged", day, account=loser, into=survivor)


def grouped(user: str | None, account: str, day: str, **traits: object) -> Raw:
    who = {"anonymousId": "somebody"} if user is None else {"userId": user}
    return message("group", day, groupId=account, traits=traits, **who)


def placed(user: str, account: str, day: str, **said: Any) -> Raw:
    """A membership.added, or, with `change` given, another event of memberships."""
    event = f"membership.{said.pop('change', 'added')}"
    return did(user, event, day, account=account, **said)


def held(raws: Iterable[Raw]) -> Ledger:
    """A ledger that takes all of these."""
    ledger = Ledger()
    for raw in raws:
        assert ledger.take("web", raw) == ACCEPTED
    return ledger


def ask(kpi: str, raws: Iterable[Raw], period: str = "2026-04", zone: str = "UTC", **asked: Any) -> Answer:
    """What a workspace of a zone with these messages answers later."""
    return Oracle(held(raws), Home(zone)).answer(Asked(kpi, period, LATER, zone, **asked))
