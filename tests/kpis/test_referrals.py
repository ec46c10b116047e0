"""New users from referrals, and the messages that led to them (KPIS.md B)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

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
from tests.world import NOW, alias, ask, deliver, identify, opened, recognise, track

pytestmark = pytest.mark.django_db

MARCH, APRIL = parse_month("2026-03", "UTC"), parse_month("2026-04", "UTC")
NEW, RATE = "new_users_from_referrals", "referral_signup_rate"
SIGNED_UP = "2026-04-10T12:00:00"
BEFORE, AFTER = "2026-04-09T12:00:00", "2026-04-11T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def signup(who: str, at: str = SIGNED_UP) -> dict[str, Any]:
    return track("user.signed_up", who, at)


def _referral(event: str, who: str, at: str, said: dict[str, Any]) -> dict[str, Any]:
    message = said.pop("message", None)
    call = track(event, who, at, **said)
    return call if message is None else {**call, "properties": {**call["properties"], "message": message}}


def attributed(who: str, at: str = BEFORE, **said: Any) -> dict[str, Any]:
    return _referral("referral.attributed", who, at, said)


def rejected(who: str, at: str = AFTER, **said: Any) -> dict[str, Any]:
    return _referral("referral.rejected", who, at, said)


def sent(who: str, message: str, at: str = BEFORE, **said: Any) -> dict[str, Any]:
    return track("referral_message.sent", who, at, message_id=message, **said)


def new(workspace: Workspace, period: Any = APRIL) -> int:
    queue.settle(workspace.pk)
    assert not Marker.objects.filter(workspace=workspace).exists()
    return int(ask(workspace, NEW, period).answer.numerator.amount)


def rate(workspace: Workspace) -> tuple[int, int]:
    queue.settle(workspace.pk)
    return sides(ask(workspace, RATE, APRIL))


def sides(result: Result) -> tuple[int, int]:
    below = result.answer.denominator
    return int(result.answer.numerator.amount), int(below.amount if below else 0)


def parts(workspace: Workspace, slug: str, by: str, limits: Mapping[str, list[str | None]] | None = None) -> Any:
    question = Question(APRIL, NOW, where(limits or {}))
    rows = breakdown(workspace, Asked(find(slug), question, EventFacet(by)), 20)
    return {row.asked.part.key: sides(row) for row in rows if row.asked.part}


def test_of_48_attributed_sign_ups_3_are_rejected_which_leaves_45(acme: Workspace) -> None:
    people = [f"user-{n}" for n in range(48)]
    deliver(acme, *map(signup, people), *(attributed(one, referrer="alice") for one in people))
    deliver(acme, *(rejected(one, referrer="alice") for one in people[:3]))
    assert new(acme) == 45
    assert explain(ask(acme, NEW, APRIL)) == "45 people who signed up by a referral in April 2026 (UTC)."


def test_60_of_1_000_messages_lead_to_a_sign_up_which_is_6_percent(acme: Workspace) -> None:
    for first in range(0, 1_000, 250):
        deliver(acme, *(sent(f"user-{n % 70}", f"m-{n}") for n in range(first, first + 250)))
    deliver(acme, *(signup(f"new-{n}") for n in range(70)))
    deliver(acme, *(attributed(f"new-{n}", message=f"m-{n % 60}") for n in range(70)))
    assert rate(acme) == (60, 1_000)
    # Thirty days after the last message of the month.
    result = ask(acme, RATE, APRIL, datetime(2026, 6, 1, tzinfo=UTC))
    assert result.answer.value == Decimal(6)
    assert explain(result) == (
        "60 of the 1,000 referral messages sent in April 2026 (UTC) led to a sign-up within 30 days: 6 %."
    )


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-01-01T00:00:00", 1),
        (SIGNED_UP, 1),
        ("2026-04-17T11:59:59.999999", 1),
        ("2026-04-17T12:00:00", 0),
    ],
)
def test_an_attribution_may_come_less_than_seven_days_after_the_sign_up(
    acme: Workspace, at: str, counts: int
) -> None:
    deliver(acme, signup("bob"), attributed("bob", at))
    assert new(acme) == counts


def test_the_last_attribution_until_the_sign_up_counts_or_else_the_first_after_it(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", AFTER, campaign="late"))
    deliver(acme, attributed("bob", "2026-04-12T12:00:00", campaign="later"))
    new(acme)
    assert parts(acme, NEW, "campaign") == {"late": (1, 0)}
    deliver(acme, attributed("bob", "2026-03-01T12:00:00", campaign="first"))
    new(acme)
    assert parts(acme, NEW, "campaign") == {"first": (1, 0)}
    deliver(acme, attributed("bob", BEFORE, campaign="spring", kind="link", source_channel="mail"))
    new(acme)
    assert parts(acme, NEW, "campaign") == {"spring": (1, 0)}
    assert parts(acme, NEW, "referral_kind") == {"link": (1, 0)}
    assert parts(acme, NEW, "source_channel") == {"mail": (1, 0)}


def test_a_sign_up_that_comes_last_takes_the_referral_to_its_period(acme: Workspace) -> None:
    deliver(acme, attributed("bob"), track("session.started", "bob", BEFORE))
    assert new(acme) == 0
    deliver(acme, signup("bob"))
    assert new(acme) == 1
    deliver(acme, attributed("bob", "2026-03-01T12:00:00"), signup("bob", "2026-03-05T12:00:00"))
    assert (new(acme), new(acme, MARCH)) == (0, 1)


def test_a_sign_up_without_an_attribution_is_no_referral(acme: Workspace) -> None:
    deliver(acme, signup("bob"), rejected("bob"), track("referral.attributed", "carol", BEFORE))
    assert new(acme) == 0


def test_whom_an_event_names_is_referred_by_its_user(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("alice", referred_user="bob"))
    assert new(acme) == 1
    deliver(acme, signup("alice"), rejected("fraud-desk", referred_user="bob", referrer="alice"))
    assert new(acme) == 0


def test_nobody_refers_themselves(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", referred_user="bob"), attributed("bob", referrer="bob"))
    assert new(acme) == 0
    deliver(acme, attributed("bob", "2026-03-01T12:00:00", kind="partner"))
    assert new(acme) == 1


def test_a_rejection_is_of_one_referrer_and_one_without_any_is_of_all(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", referrer="a-partner", kind="partner"))
    deliver(acme, attributed("bob", "2026-04-08T12:00:00", referrer="alice", kind="link"))
    deliver(acme, rejected("bob", referrer="a-partner"))
    new(acme)
    assert parts(acme, NEW, "referral_kind") == {"link": (1, 0)}
    deliver(acme, rejected("bob", "2026-04-30T12:00:00"))
    assert new(acme) == 0


def test_a_merge_makes_one_of_two_who_referred(acme: Workspace) -> None:
    deliver(acme, signup("alice"), signup("ally"), signup("bob"), attributed("bob", referrer="ally"))
    deliver(acme, rejected("bob", referrer="alice"))
    assert new(acme) == 1
    deliver(acme, alias("ally", "alice", AFTER))
    assert new(acme) == 0


def test_a_merge_makes_a_self_referral(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", referrer="bobby"))
    assert new(acme) == 1
    deliver(acme, alias("bobby", "bob", AFTER))
    assert new(acme) == 0


def test_merged_people_have_one_referral_and_the_earlier_sign_up(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob"), signup("rob", "2026-03-10T12:00:00"))
    assert (new(acme), new(acme, MARCH)) == (1, 0)
    deliver(acme, alias("rob", "bob", AFTER), attributed("rob", "2026-03-09T12:00:00"))
    assert (new(acme), new(acme, MARCH)) == (0, 1)


def test_an_anonymous_attribution_is_of_whoever_the_visitor_turns_out_to_be(acme: Workspace) -> None:
    visit = {**attributed("", referrer="alice"), "userId": None, "anonymousId": "v-1"}
    deliver(acme, signup("bob"), visit)
    assert new(acme) == 0
    deliver(acme, recognise("v-1", "bob", AFTER))
    assert new(acme) == 1


def test_a_visitor_who_referred_somebody_may_turn_out_to_be_themselves(acme: Workspace) -> None:
    visit = {**attributed("", referred_user="bob"), "userId": None, "anonymousId": "v-1"}
    deliver(acme, signup("bob"), visit)
    assert new(acme) == 1
    deliver(acme, recognise("v-1", "alice", AFTER), rejected("bob", referrer="alice"))
    assert new(acme) == 0


def test_our_own_people_are_nobodys_referrals(acme: Workspace) -> None:
    deliver(acme, sent("alice", "m-1"), signup("bob"), attributed("bob", message="m-1"))
    assert (new(acme), rate(acme)) == (1, (1, 1))
    deliver(acme, identify("bob", AFTER, is_internal=True))
    assert (new(acme), rate(acme)) == (0, (0, 1))


def test_what_is_no_text_of_an_ids_length_is_as_if_not_given(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", referred_user="", referrer="a" * 256))
    assert new(acme) == 1
    outcome = deliver(acme, attributed("bob", referred_user=7))
    assert [one.code for one in outcome.rejected] == ["wrong_type"]


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-04-10T12:00:00.000001", 0),
        (SIGNED_UP, 1),
        ("2026-03-11T12:00:00.000001", 1),
        ("2026-03-11T12:00:00", 0),
    ],
)
def test_a_message_leads_to_sign_ups_for_thirty_days(acme: Workspace, at: str, counts: int) -> None:
    deliver(acme, signup("bob"), attributed("bob", message="m-1"), sent("alice", "m-1", at))
    queue.settle(acme.pk)
    led = [int(ask(acme, RATE, month).answer.numerator.amount) for month in (MARCH, APRIL)]
    assert sum(led) == counts


def test_a_message_counts_once_whomever_it_led_to_whenever_they_come(acme: Workspace) -> None:
    deliver(acme, signup("bob"), attributed("bob", message="m-1"), signup("carol"))
    deliver(acme, attributed("carol", message="m-1"))
    assert rate(acme) == (0, 0)
    deliver(acme, sent("alice", "m-1"), sent("alice", "m-2"), sent("alice", "m-3", status="draft"))
    assert rate(acme) == (1, 2)
    deliver(acme, attributed("carol", "2026-04-10T11:00:00", message="m-2"))
    assert rate(acme) == (2, 2)
    deliver(acme, rejected("bob"), rejected("carol"))
    assert rate(acme) == (0, 2)


def test_a_message_is_known_by_its_own_id(acme: Workspace) -> None:
    deliver(acme, sent("alice", "m-1", impression="i-1"), sent("alice", "m-2", action_id="m-3"))
    deliver(acme, sent("alice", "", action_id="m-3"), signup("bob"), signup("carol"))
    deliver(acme, attributed("bob", message="m-1", impression="i-9"), attributed("carol", message="m-3"))
    assert rate(acme) == (1, 3)


def test_the_rate_is_told_apart_by_what_messages_were(acme: Workspace) -> None:
    deliver(acme, sent("alice", "m-1", template="warm"), sent("alice", "m-2", template="cold"))
    deliver(acme, signup("bob"), attributed("bob", message="m-1"))
    assert rate(acme) == (1, 2)
    assert parts(acme, RATE, "template") == {"warm": (1, 1), "cold": (0, 1)}


def test_a_referral_that_was_told_wrong_is_corrected_or_voided(acme: Workspace) -> None:
    wrong = attributed("bob", referrer="alice", kind="link", message="m-1")
    deliver(acme, sent("alice", "m-1"), signup("bob"), wrong)
    assert (new(acme), sides(ask(acme, RATE, APRIL))) == (1, (1, 1))
    target = wrong["messageId"]
    deliver(acme, track("event.corrected", "carol", "2026-05-02T10:00:00", corrects=target, kind="message"))
    assert new(acme) == 1
    asked = Asked(find(NEW), Question(APRIL, NOW), EventFacet("referral_kind"))
    assert [row.asked.part and row.asked.part.key for row in breakdown(acme, asked, 20)] == ["message"]
    deliver(acme, track("event.voided", "carol", "2026-05-03T10:00:00", corrects=target))
    assert (new(acme), sides(ask(acme, RATE, APRIL))) == (0, (0, 1))
