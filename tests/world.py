"""A small world to test in: a workspace, and messages of people with names."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from apps.engine.expressions import Question
from apps.engine.periods import Period
from apps.events import ingest
from apps.events.ingest import Delivery, Outcome
from apps.events.messages import Terms
from apps.events.opening import Opened, open_workspace
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, Result, evaluate
from apps.workspaces.models import Workspace

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
_ids = count(1)


def opened(slug: str = "acme", zone: str = "UTC") -> Opened:
    return open_workspace(Workspace(slug=slug, name=slug.title(), timezone=zone))


def track(event: str, who: str, at: str, **properties: Any) -> dict[str, Any]:
    """A track call with an id of its own; `at` without a zone is UTC."""
    timestamp = at if at[-1] == "Z" or "+" in at else f"{at}Z"
    message_id = properties.pop("message", f"message-{next(_ids)}")
    return {
        "type": "track",
        "messageId": message_id,
        "userId": who,
        "event": event,
        "timestamp": timestamp,
        "properties": properties,
    }


def _said(kind: str, at: str, traits: dict[str, Any], **ids: str) -> dict[str, Any]:
    timestamp = at if at[-1] == "Z" or "+" in at else f"{at}Z"
    return {"type": kind, "messageId": f"message-{next(_ids)}", "timestamp": timestamp, "traits": traits, **ids}


def identify(who: str, at: str, **traits: Any) -> dict[str, Any]:
    """An identify call with an id of its own."""
    return _said("identify", at, traits, userId=who)


def recognise(anonymous: str, who: str, at: str) -> dict[str, Any]:
    """An identify call that says whose an anonymous id is."""
    return _said("identify", at, {}, userId=who, anonymousId=anonymous)


def group(who: str, account: str, at: str, **traits: Any) -> dict[str, Any]:
    """A group call: the user belongs to the account, which has these traits."""
    return _said("group", at, traits, userId=who, groupId=account)


def alias(old: str, new: str, at: str) -> dict[str, Any]:
    """An alias call: whoever was known by the old id is the new one."""
    return _said("alias", at, {}, userId=new, previousId=old)


def act(who: str, at: str, **properties: Any) -> dict[str, Any]:
    return track("action.performed", who, at, action_type="edit", **properties)


def share(who: str, at: str, **properties: Any) -> dict[str, Any]:
    given = {"share_scope": "product", "share_type": "invite", "channel": "email"}
    return track("share.created", who, at, **{**given, **properties})


def deliver(workspace: Workspace, *messages: object, now: datetime = NOW) -> Outcome:
    return ingest.store(Delivery(workspace.pk, "default", messages, Terms(now=now)))


def ask(workspace: Workspace, slug: str, period: Period, now: datetime = NOW) -> Result:
    return evaluate(workspace, [Asked(find(slug), Question(period, now))])[0]
