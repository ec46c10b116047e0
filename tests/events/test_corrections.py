"""What was said of an event afterwards takes effect in the event's own period, whichever arrives first."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection

from apps.engine.definitions import where
from apps.engine.expressions import DidNeed, Question
from apps.engine.parts import EventFacet
from apps.engine.periods import parse_month
from apps.events import corrections, taxonomy
from apps.events.models import Event, EventDefinition
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, breakdown
from apps.rollups import doings, queue
from apps.rollups.reach import Place
from apps.workspaces.models import Marker, Workspace
from tests.world import NOW, act, ask, deliver, opened, recognise, share, track

pytestmark = pytest.mark.django_db

MARCH, APRIL, MAY = (parse_month(f"2026-0{month}", "UTC") for month in (3, 4, 5))
NOON = "2026-04-10T12:00:00"
SIGNUPS, ACTIVE, SHARES, MESSAGES = "signups", "total_active_users", "share_actions", "referral_messages_sent"
CLICKED = "referral_prompt_interaction_rate_by_impression"
IN_SESSION = "product_sharing_rate_by_session"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def corrected(target: str, at: str = "2026-05-02T10:00:00", **properties: Any) -> dict[str, Any]:
    return track("event.corrected", "carla", at, corrects=target, **properties)


def voided(target: str, at: str = "2026-05-02T10:00:00") -> dict[str, Any]:
    return track("event.voided", "carla", at, corrects=target)


def retracted(action: str, at: str = "2026-05-01T10:00:00", **properties: Any) -> dict[str, Any]:
    return track("share.retracted", "alice", at, action_id=action, **properties)


def started(session: str, at: str, message: str) -> dict[str, Any]:
    return track("session.started", "alice", at, session=session, message=message)


def shown(impression: str, at: str = NOON) -> dict[str, Any]:
    return track("referral_prompt.shown", "alice", at, impression=impression, message="shown")


def interacted(impression: str, kind: str) -> dict[str, Any]:
    at = "2026-04-10T13:00:00"
    return track("referral_prompt.interacted", "bob", at, impression=impression, kind=kind, message="interacted")


def sides(workspace: Workspace, slug: str, period: Any = APRIL) -> tuple[int, int]:
    answer = ask(workspace, slug, period).answer
    return int(answer.numerator.amount), int(answer.denominator.amount if answer.denominator else 0)


def count(workspace: Workspace, slug: str, period: Any = APRIL) -> int:
    return sides(workspace, slug, period)[0]


def by(workspace: Workspace, slug: str, facet: str) -> dict[Any, int]:
    rows = breakdown(workspace, Asked(find(slug), Question(APRIL, NOW), EventFacet(facet)), 20)
    return {row.asked.part.key: int(row.answer.numerator.amount) for row in rows if row.asked.part}


def test_a_voided_share_never_happened_in_whatever_order_that_arrives() -> None:
    for place, turns in enumerate(permutations([share("alice", NOON, message="oops"), voided("oops")])):
        acme = opened(f"acme-{place}").workspace
        for message in turns:
            deliver(acme, message)
            queue.settle(acme.pk)
        assert (count(acme, SHARES), count(acme, ACTIVE), count(acme, ACTIVE, MAY)) == (0, 0, 0)


def test_a_voided_share_is_sent_again_as_another_action(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, message="wrong", action_id="s-1"), voided("wrong"))
    assert deliver(acme, share("alice", NOON, action_id="s-1")).duplicate == 1
    deliver(acme, share("alice", NOON, action_id="s-1 again"))
    queue.settle(acme.pk)
    assert count(acme, SHARES) == 1


def test_a_correction_replaces_what_it_says_and_leaves_the_rest(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, message="shared", object_type="doc"))
    queue.settle(acme.pk)
    deliver(acme, corrected("shared", channel="social", object_type=None))
    queue.settle(acme.pk)
    assert by(acme, SHARES, "channel") == {"social": 1}
    assert by(acme, SHARES, "share_type") == {"invite": 1}
    assert by(acme, SHARES, "object_type") == {"doc": 1}
    deliver(acme, corrected("shared", status="failed"))
    queue.settle(acme.pk)
    assert (count(acme, SHARES), count(acme, ACTIVE)) == (0, 1)


def test_of_several_corrections_each_column_has_its_last_value(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, message="shared"))
    deliver(
        acme,
        corrected("shared", "2026-05-03T10:00:00", channel="social"),
        corrected("shared", "2026-05-02T10:00:00", channel="button", share_type="link"),
        corrected("shared", "2026-05-04T10:00:00", feature="editor"),
    )
    queue.settle(acme.pk)
    assert by(acme, SHARES, "channel") == {"social": 1}
    assert by(acme, SHARES, "share_type") == {"link": 1}
    assert by(acme, SHARES, "feature") == {"editor": 1}


def test_a_retraction_is_told_only_where_it_says_that_the_share_was_a_mistake(acme: Workspace) -> None:
    deliver(acme, *(share("alice", NOON, action_id=name, message=name) for name in ("a", "b", "7")))
    deliver(acme, retracted("a"), retracted("b", is_error=True, channel="social"), retracted("7", is_error=False))
    queue.settle(acme.pk)
    assert count(acme, SHARES) == 2
    assert count(acme, ACTIVE, MAY) == 1
    # Part of the same order as every other correction.
    deliver(acme, corrected("b", "2026-05-02T10:00:00", is_error=False))
    queue.settle(acme.pk)
    assert by(acme, SHARES, "channel") == {"email": 3}
    deliver(acme, retracted("b", "2026-05-03T10:00:00", is_error=True))
    queue.settle(acme.pk)
    assert count(acme, SHARES) == 2


def test_a_message_that_was_customized_after_all(acme: Workspace) -> None:
    deliver(acme, track("referral_message.sent", "alice", NOON, message="sent", status="draft"))
    queue.settle(acme.pk)
    assert count(acme, MESSAGES) == 0
    deliver(acme, corrected("sent", status="sent", message_customized=True))
    queue.settle(acme.pk)
    assert (count(acme, MESSAGES), count(acme, "customized_referral_messages")) == (1, 1)


def test_another_source_or_tenant_corrects_nothing_here(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, message="shared"))
    deliver(opened("hooli").workspace, voided("shared"))
    deliver(acme, voided("something else"))
    queue.settle(acme.pk)
    assert count(acme, SHARES) == 1


def test_a_void_cannot_be_taken_back_and_a_correction_cannot_be_corrected(acme: Workspace) -> None:
    deliver(acme, share("alice", NOON, message="oops"), share("bob", NOON, message="shared"))
    void = voided("oops") | {"messageId": "void"}
    change = corrected("shared", channel="social") | {"messageId": "change"}
    deliver(acme, void, change, voided("void"), voided("change"), corrected("change", channel="button"))
    deliver(acme, corrected("oops", is_error=False))
    queue.settle(acme.pk)
    assert by(acme, SHARES, "channel") == {"social": 1}


def test_an_interaction_that_is_corrected_or_voided_changes_what_drew_it(acme: Workspace) -> None:
    deliver(acme, shown("i"), interacted("i", "timeout"))
    queue.settle(acme.pk)
    assert sides(acme, CLICKED) == (0, 1)
    deliver(acme, corrected("interacted", kind="click"))
    queue.settle(acme.pk)
    assert sides(acme, CLICKED) == (1, 1)
    deliver(acme, voided("interacted"))
    queue.settle(acme.pk)
    assert sides(acme, CLICKED) == (0, 1)
    deliver(acme, corrected("shown", viewable=False))
    queue.settle(acme.pk)
    assert sides(acme, CLICKED) == (0, 0)


def test_the_next_start_begins_a_session_whose_first_was_voided(acme: Workspace) -> None:
    deliver(acme, started("s", "2026-03-31T23:00:00", "first"), started("s", NOON, "second"))
    deliver(acme, share("alice", "2026-04-10T12:05:00", session="s", message="shared"))
    queue.settle(acme.pk)
    assert (sides(acme, IN_SESSION, MARCH), sides(acme, IN_SESSION)) == ((0, 1), (0, 0))
    deliver(acme, voided("first"))
    queue.settle(acme.pk)
    assert (sides(acme, IN_SESSION, MARCH), sides(acme, IN_SESSION)) == ((0, 0), (1, 1))
    deliver(acme, corrected("shared", share_scope="content"))
    queue.settle(acme.pk)
    assert sides(acme, IN_SESSION) == (0, 1)


def test_a_voided_signup_opens_nothing_of_a_user_a_visitor_or_an_account(acme: Workspace) -> None:
    visit = {key: value for key, value in act("nobody", NOON).items() if key != "userId"}
    deliver(
        acme,
        track("user.signed_up", "alice", NOON, message="alice"),
        visit | {"anonymousId": "cookie", "event": "user.signed_up", "messageId": "bob"},
        recognise("cookie", "bob", "2026-04-11T10:00:00"),
        track("account.created", "alice", NOON, message="hooli", account="hooli"),
    )
    queue.settle(acme.pk)
    assert (count(acme, SIGNUPS), count(acme, "new_accounts")) == (2, 1)
    deliver(acme, voided("alice"))
    queue.settle(acme.pk)
    assert count(acme, SIGNUPS) == 1
    deliver(acme, voided("bob"), voided("hooli"))
    queue.settle(acme.pk)
    assert (count(acme, SIGNUPS), count(acme, "new_accounts")) == (0, 0)


def test_a_mapped_column_is_corrected_by_the_property_that_fills_it(acme: Workspace) -> None:
    name, columns = "Doc Shared", {"channel": "medium"}
    EventDefinition.objects.create(
        workspace=acme, name=name, kind="share.created", columns=columns, constants={"share_type": "link"}
    )
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    acme.refresh_from_db()
    deliver(acme, track(name, "alice", NOON, message="shared", share_scope="product", medium="email"))
    deliver(acme, corrected("shared", "2026-05-01T10:00:00", channel="social", share_type="embed", medium=""))
    queue.settle(acme.pk)
    assert (by(acme, SHARES, "channel"), by(acme, SHARES, "share_type")) == ({"email": 1}, {"link": 1})
    deliver(acme, corrected("shared", "2026-05-02T10:00:00", medium="button"))
    deliver(acme, corrected("shared", "2026-05-03T10:00:00", medium=None))
    queue.settle(acme.pk)
    assert by(acme, SHARES, "channel") == {"button": 1}


def test_what_somebody_did_is_asked_of_the_events_as_they_were_corrected(acme: Workspace) -> None:
    deliver(acme, track("feature.used", "alice", NOON, feature="editor", message="used"))
    deliver(acme, track("feature.used", "bob", NOON, feature="editor", message="oops"))
    deliver(acme, corrected("used", feature="board"), voided("oops"))
    queue.settle(acme.pk)
    acme.refresh_from_db()
    place = Place(acme.pk, taxonomy.versions_of(acme).current)
    day = APRIL.first + timedelta(9)

    def did(feature: str) -> list[int]:
        need = DidNeed("feature.used", where({"feature": [feature]}), day, day)
        return [len(numbers.keys) for numbers in doings.daily(place, need).values()]

    assert (did("board"), did("editor")) == ([1], [])


def test_a_correction_leaves_one_marker_that_is_expanded_once_it_is_committed(acme: Workspace) -> None:
    deliver(acme, voided("not there yet"))
    assert list(Marker.objects.filter(workspace=acme).values_list("family", "series")) == [("cause", "corrected")]
    key = Event.objects.get(workspace=acme).corrects
    assert Marker.objects.get(workspace=acme).key == str(key)


def test_a_workspace_without_corrections_reads_its_events_as_they_are(acme: Workspace) -> None:
    assert corrections.reads(acme.pk) is corrections.as_sent
    deliver(acme, voided("something"))
    assert corrections.reads(acme.pk) is corrections.corrected


def test_whether_anything_is_corrected_is_told_by_an_index(acme: Workspace) -> None:
    deliver(acme, *(share("alice", NOON) for _ in range(500)))
    deliver(acme, *(voided(f"oops-{n}") for n in range(500)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_event")
        cursor.execute(f"EXPLAIN {corrections.ANY}", [acme.pk])
        assert "event_by_correction" in str(cursor.fetchall())
