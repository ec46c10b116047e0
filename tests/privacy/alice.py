"""Alice, whom everybody has written something about, and what of her must not be found when she is erased."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from typing import Any

from django.db import connection

from apps.engine.periods import parse_month
from apps.events import ingest
from apps.events.ingest import Delivery
from apps.events.messages import Terms
from apps.kpis.catalogue import answered
from apps.workspaces.models import Workspace
from tests import world
from tests.world import NOW, act, ask, deliver, share, track

EMAIL, NAME, QUIRK = "alice@wonderland.test", "Alice Liddell", "grins like a cat"
SECRETS = ("alice-1", "alice-2", "cookie-a", "cookie-b", EMAIL, NAME, QUIRK, "session-a", "Dinah")


def identify(who: str, at: str, anonymous: str, **traits: Any) -> dict[str, Any]:
    """An identify call that also says whose an anonymous id is."""
    return {**world.identify(who, at, **traits), "anonymousId": anonymous}


def visit(anonymous: str, at: str, **properties: Any) -> dict[str, Any]:
    """What somebody did before they said who they are."""
    return {**act("", at, **properties), "userId": None, "anonymousId": anonymous}


def tell_of_her(workspace: Workspace) -> None:
    """Alice under two ids and two cookies, in April; Bob, who knows her; and Carla, who does not."""
    outcome = deliver(
        workspace,
        track("user.signed_up", "alice-1", "2026-04-02T09:00:00"),
        identify("alice-1", "2026-04-02T09:00:00", "cookie-a", email=EMAIL, name=NAME, plan="pro", quirk=QUIRK),
        visit("cookie-a", "2026-04-01T08:00:00", session="session-a"),
        visit("cookie-b", "2026-04-03T08:00:00"),
        identify("alice-2", "2026-04-05T09:00:00", "cookie-b", pet="Dinah"),
        track("user.merged", "alice-2", "2026-04-06T09:00:00", into="alice-1"),
        {"type": "group", "messageId": "by-alice-1", "userId": "alice-1", "groupId": "acme-inc"}
        | {"timestamp": "2026-04-07T09:00:00Z", "traits": {"industry": "tea", "owner": EMAIL}},
        share("alice-1", "2026-04-08T09:00:00", session="session-a", to="Dinah", action_id="s-1"),
        act("alice-2", "2026-04-09T09:00:00", session="session-a", note=f"call {NAME}"),
        world.identify("bob", "2026-04-02T10:00:00", plan="pro", manager="alice-1", reads=[EMAIL, "news"]),
        share(
            "bob", "2026-04-10T09:00:00", recipient="alice-1", note=f"to {EMAIL}", referred=["alice-2", "carla"]
        ),
        act("carla", "2026-04-11T09:00:00"),
        world.identify("carla", "2026-04-11T09:00:00", plan="free"),
    )
    assert outcome.rejected == []


def everything(cursor: Any) -> str:
    """All rows of all tables, and the planner's samples of them, as text."""
    found = StringIO()
    cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'")
    for table in [*(name for (name,) in cursor.fetchall()), "pg_stats"]:
        with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as rows:
            found.writelines(bytes(row).decode(errors="replace") for row in rows)
    return found.getvalue()


def left(*secrets: str) -> list[str]:
    """Those of the secrets that some table has."""
    with connection.cursor() as cursor:
        return found_in(everything(cursor), secrets)


def found_in(text: str, secrets: Iterable[str]) -> list[str]:
    """Those of the secrets that a text has."""
    return [secret for secret in secrets if secret.lower() in text.lower()]


APRIL = parse_month("2026-04", "UTC")


def numbers(workspace: Workspace) -> dict[str, Decimal | None]:
    return {slug: ask(workspace, slug, APRIL).answer.value for slug in answered()}


def reject(workspace: Workspace, *messages: object) -> list[str]:
    """Deliver as the door does, which keeps what it rejects; return the codes."""
    delivery = Delivery(workspace.pk, "default", messages, Terms(now=NOW))
    outcome = ingest.store(delivery, within=lambda outcome: ingest.keep_rejected(delivery, outcome))
    return [one.code for one in outcome.rejected]
