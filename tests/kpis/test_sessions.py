"""Sessions, and what was shared in them within a day (KPIS.md A)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from apps.engine.definitions import where
from apps.engine.expressions import Question
from apps.engine.parts import EventFacet
from apps.engine.periods import parse_month
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, Result, breakdown
from apps.kpis.explain import explain
from apps.rollups import queue
from apps.workspaces.models import Marker, Workspace
from tests.world import NOW, ask, deliver, opened, recognise, share, track

pytestmark = pytest.mark.django_db

MARCH, APRIL = parse_month("2026-03", "UTC"), parse_month("2026-04", "UTC")
SESSIONS, RATE = "total_sessions", "product_sharing_rate_by_session"
NOON = "2026-04-10T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def started(who: str, session: str | None, at: str = NOON, **properties: Any) -> dict[str, Any]:
    return track("session.started", who, at, **({"session": session} if session else {}), **properties)


def shared(session: str, at: str = "2026-04-10T12:05:00", who: str = "alice", **properties: Any) -> dict[str, Any]:
    return share(who, at, session=session, **properties)


def sides(result: Result) -> tuple[int, int]:
    below = result.answer.denominator
    return int(result.answer.numerator.amount), int(below.amount if below else 0)


def april(workspace: Workspace) -> tuple[int, int]:
    return sides(ask(workspace, RATE, APRIL))


def parts(workspace: Workspace, by: str, limits: Mapping[str, list[str | None]] | None = None) -> dict[Any, Any]:
    question = Question(APRIL, NOW, where(limits or {}))
    rows = breakdown(workspace, Asked(find(RATE), question, EventFacet(by)), 20)
    return {row.asked.part.key: sides(row) for row in rows if row.asked.part}


def test_24_of_1_200_sessions_hold_a_share_which_is_2_percent(acme: Workspace) -> None:
    for first in range(0, 1_200, 400):
        deliver(acme, *(started(f"user-{n % 700}", f"s-{n}") for n in range(first, first + 400)))
    deliver(acme, *(shared(f"s-{n}") for n in range(24)), *(shared(f"s-{n}") for n in range(10)))
    queue.settle(acme.pk)
    assert ask(acme, SESSIONS, APRIL).answer.value == 1_200
    result = ask(acme, RATE, APRIL)
    assert (result.answer.value, sides(result)) == (Decimal(2), (24, 1_200))
    assert explain(result) == (
        "24 of the 1,200 sessions begun in April 2026 (UTC) held a product share within a day: 2 %."
    )
    assert explain(ask(acme, SESSIONS, APRIL)) == "1,200 sessions begun in April 2026 (UTC)."


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-04-10T11:59:59.999999", 0),
        (NOON, 1),
        ("2026-04-11T11:59:59.999999", 1),
        ("2026-04-11T12:00:00", 0),
    ],
)
def test_a_share_counts_from_the_start_on_for_24_hours(acme: Workspace, at: str, counts: int) -> None:
    deliver(acme, started("alice", "s-1"), shared("s-1", at))
    queue.settle(acme.pk)
    assert april(acme) == (counts, 1)


def test_a_session_is_of_the_period_of_its_start(acme: Workspace) -> None:
    deliver(acme, started("alice", "s-1", "2026-03-31T23:59:00"), shared("s-1", "2026-04-01T00:01:00"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 0)
    assert sides(ask(acme, RATE, MARCH)) == (1, 1)


@pytest.mark.parametrize("said", [{"share_scope": "content"}, {"is_error": True}, {"status": "failed"}])
def test_only_a_valid_product_share_counts(acme: Workspace, said: dict[str, Any]) -> None:
    deliver(acme, started("alice", "s-1"), shared("s-1", **said), share("alice", NOON))
    queue.settle(acme.pk)
    assert april(acme) == (0, 1)


def test_a_session_begins_once_and_whoever_shares_in_it_it_is_whose_it_was_first(acme: Workspace) -> None:
    deliver(acme, started("alice", "s-1"), started("alice", "s-1", "2026-04-10T13:00:00"))
    deliver(acme, started("alice", "s-1"), started("bob", "s-1", "2026-04-11T12:00:00"), started("bob", None))
    deliver(acme, shared("s-1", who="bob"))
    queue.settle(acme.pk)
    result = ask(acme, RATE, APRIL)
    assert sides(result) == (1, 2)
    assert sorted(result.answer.numerator.contributors().items(None, 10)) == [(0, 1)]
    assert april(acme) == (1, 2)


def test_an_earlier_start_that_comes_late_moves_the_session(acme: Workspace) -> None:
    deliver(acme, started("bob", "s-1"), shared("s-1", "2026-04-01T11:00:00"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 1)
    deliver(acme, started("alice", "s-1", "2026-03-31T12:00:00"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 0)
    assert sides(ask(acme, RATE, MARCH)) == (1, 1)
    assert not Marker.objects.filter(workspace=acme).exists()


def test_a_share_that_comes_late_or_first_changes_the_hour_of_the_start(acme: Workspace) -> None:
    deliver(acme, started("alice", "s-1"), started("bob", "s-2"))
    queue.settle(acme.pk)
    deliver(acme, shared("s-2", "2026-04-10T20:00:00"), shared("s-3"))
    waiting = ask(acme, RATE, APRIL)
    assert (sides(waiting), waiting.receipt.pending_events) == ((0, 2), 2)
    queue.settle(acme.pk)
    assert april(acme) == (1, 2)
    deliver(acme, started("carla", "s-3"))
    queue.settle(acme.pk)
    assert april(acme) == (2, 3)


def test_a_visitors_session_counts_once_it_is_known_whose_it_was(acme: Workspace) -> None:
    anonymous = {**started("", "s-1"), "anonymousId": "visitor"}
    del anonymous["userId"]
    deliver(acme, anonymous, started("alice", "s-1", "2026-04-10T12:01:00"), shared("s-1"))
    queue.settle(acme.pk)
    assert april(acme) == (0, 0)
    deliver(acme, recognise("visitor", "alice", "2026-04-12T12:00:00"))
    queue.settle(acme.pk)
    assert april(acme) == (1, 1)


def test_the_sdks_session_is_as_good(acme: Workspace) -> None:
    begun = {**started("alice", None), "context": {"sessionId": "s-1"}}
    deliver(acme, begun, share("alice", "2026-04-10T12:05:00", session_id="s-1"))
    queue.settle(acme.pk)
    assert april(acme) == (1, 1)


def test_by_platform_both_sides_are_parted_and_by_what_was_shared_the_first(acme: Workspace) -> None:
    deliver(acme, started("alice", "s-1", platform="web"), started("bob", "s-2", platform="ios"))
    deliver(acme, started("carla", "s-3", source_channel="ads"))
    deliver(acme, shared("s-1", share_type="link", object_type="doc"), shared("s-1", share_type="embed"))
    deliver(acme, shared("s-2", share_type="link", channel="social", feature="editor"))
    queue.settle(acme.pk)
    assert parts(acme, "platform") == {"ios": (1, 1), "web": (1, 1), None: (0, 1)}
    assert parts(acme, "source_channel") == {None: (2, 2), "ads": (0, 1)}
    assert parts(acme, "share_type") == {"link": (2, 3), "embed": (1, 3)}
    assert parts(acme, "object_type") == {None: (2, 3), "doc": (1, 3)}
    assert parts(acme, "feature", {"share_type": ["link"]}) == {None: (1, 3), "editor": (1, 3)}
    # One share must be both.
    assert parts(acme, "object_type", {"share_type": ["embed"]}) == {None: (1, 3)}


def test_whatever_is_shared_in_a_session_its_hour_is_counted(acme: Workspace) -> None:
    # No two in common, and more than an index takes.
    deliver(acme, started("alice", "s-1"), *(shared("s-1", feature=f"{n}-{uuid4()}") for n in range(200)))
    queue.settle(acme.pk)
    assert april(acme) == (1, 1)
    assert len(parts(acme, "feature")) == 21


@pytest.mark.parametrize(("day", "is_complete"), [(1, False), (2, True)])
def test_a_month_is_complete_a_day_later(acme: Workspace, day: int, *, is_complete: bool) -> None:
    deliver(acme, started("alice", "s-1"))
    queue.settle(acme.pk)
    now = datetime(2026, 5, day, tzinfo=UTC)
    assert ask(acme, RATE, APRIL, now).is_complete is is_complete
    assert ask(acme, SESSIONS, APRIL, now).is_complete


def test_over_no_session_there_is_no_rate(acme: Workspace) -> None:
    result = ask(acme, RATE, APRIL)
    assert (result.answer.value, sides(result)) == (None, (0, 0))
