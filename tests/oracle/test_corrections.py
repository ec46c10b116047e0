"""What is corrected, voided and retracted, counted by hand."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import Did
from tests.oracle.counting import ACTIVITY
from tests.oracle.examples import (
    LATER,
    acted,
    ask,
    began,
    corrected,
    did,
    held,
    retracted,
    saw,
    shared,
    voided,
    worked,
    wrote,
)
from tests.oracle.ledger import Ledger
from tests.oracle.messages import Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle

NOON = "2026-04-10T12:00:00Z"
SHARES, ACTIVE, SIGNUPS = "share_actions", "total_active_users", "signups"
SHARE = shared("alice", NOON, action_id="a", share_type="link", channel="email", object_type="doc", feature="menu")
SENT = wrote("alice", NOON, False, template="spring", channel="email", source_channel="app")
PROMPT = saw("alice", NOON, impression="one", prompt="invite", placement="mail", variant="a")
START = began("alice", NOON, "one", platform="web", source_channel="mail")


def value(kpi: str, *raws: Raw, **asked: Any) -> Decimal | None:
    """What is answered, which is the same in whatever order the messages come."""
    values = {ask(kpi, order, **asked).value for order in permutations(raws)}
    assert len(values) == 1
    return values.pop()


def parts(kpi: str, by: str, *raws: Raw) -> list[Key]:
    return list(breakdown(Oracle(held(raws), Home("UTC")), Asked(kpi, "2026-04", LATER, "UTC"), Split(by)))


def sent(places: Sequence[tuple[str, Raw]], kpi: str = SHARES) -> Answer:
    """What is answered of messages of several sources."""
    ledger = Ledger()
    for source, raw in places:
        ledger.take(source, raw)
    return Oracle(ledger, Home("UTC")).answer(Asked(kpi, "2026-04", LATER, "UTC"))


def test_a_share_that_turns_out_to_have_failed_counts_no_more_in_its_own_month() -> None:
    assert value(SHARES, SHARE) == 1
    for news in ({"is_error": True}, {"status": "failed"}, {"status": "cancelled"}, {"share_scope": "content"}):
        assert value(SHARES, SHARE, corrected(SHARE, **news)) == 0
        assert value(SHARES, SHARE, corrected(SHARE, **news), period="2026-05") == 0


def test_a_share_that_did_not_fail_after_all_counts() -> None:
    for said, news in (({"is_error": True}, {"is_error": False}), ({"status": "failed"}, {"status": "completed"})):
        share = shared("alice", NOON, **said)
        assert value(SHARES, share, corrected(share, **news)) == 1


@pytest.mark.parametrize(
    ("kpi", "target", "by", "name", "old"),
    [
        (SHARES, SHARE, "shareType", "share_type", "link"),
        ("defined_share_events", shared("alice", NOON, channel="button"), "shareScope", "share_scope", "product"),
        (SHARES, SHARE, "channel", "channel", "email"),
        (SHARES, SHARE, "objectType", "object_type", "doc"),
        (SHARES, SHARE, "feature", "feature", "menu"),
        ("referral_messages_sent", SENT, "channel", "channel", "email"),
        ("referral_messages_sent", SENT, "sourceChannel", "source_channel", "app"),
        ("referral_messages_sent", SENT, "template", "template", "spring"),
        ("referral_prompts_displayed", PROMPT, "prompt", "prompt", "invite"),
        ("referral_prompts_displayed", PROMPT, "placement", "placement", "mail"),
        ("referral_prompts_displayed", PROMPT, "variant", "variant", "a"),
        ("total_sessions", START, "platform", "platform", "web"),
        ("total_sessions", START, "sourceChannel", "source_channel", "mail"),
    ],
)
def test_a_target_is_parted_by_what_the_correction_says_if_it_says_anything(
    kpi: str, target: Raw, by: str, name: str, old: str
) -> None:
    assert parts(kpi, by, target) == [old]
    assert parts(kpi, by, target, corrected(target, **{name: "other"})) == ["other"]
    for nothing in ({}, {name: None}, {name: ""}):
        assert parts(kpi, by, target, corrected(target, **nothing)) == [old]


def test_a_message_may_turn_out_to_be_customised_and_a_draft_to_be_sent() -> None:
    rate = "personalized_referral_outreach_rate"
    assert value(rate, SENT, corrected(SENT, message_customized=True)) == 100
    assert value(rate, SENT, corrected(SENT, message_customized=None, customized=True)) == 0
    assert value(rate, SENT, corrected(SENT, status="draft")) is None
    draft = wrote("alice", NOON, True, status="draft")
    assert value(rate, draft, corrected(draft, status="bounced", message_customized=False)) == 0


def test_a_prompt_may_turn_out_not_to_have_been_seen_and_to_have_been_after_all() -> None:
    shown = "referral_prompts_displayed"
    assert value(shown, PROMPT, corrected(PROMPT, viewable=False)) == 0
    hidden = saw("alice", NOON, viewable=False)
    assert [value(shown, hidden, corrected(hidden, viewable=seen)) for seen in (True, False, None)] == [1, 0, 0]


def test_what_was_done_with_a_prompt_may_turn_out_to_be_something_else() -> None:
    rate, click, timeout = (
        "referral_prompt_interaction_rate",
        acted("alice", NOON, "one"),
        acted("alice", NOON, "one", "timeout"),
    )
    assert value(rate, PROMPT, click, corrected(click, kind="timeout")) == 0
    assert value(rate, PROMPT, timeout, corrected(timeout, kind="click")) == 100
    assert parts(rate, "interactionKind", PROMPT, click, corrected(click, kind="hover")) == ["hover"]
    assert value(rate, PROMPT, click, corrected(PROMPT, viewable=False)) is None
    assert value(rate, PROMPT, click, voided(click)) == 0
    assert value(rate, PROMPT, click, voided(PROMPT)) is None


def test_what_is_shared_in_a_session_is_what_it_is_in_the_end() -> None:
    rate = "product_sharing_rate_by_session"
    share = shared("bob", NOON, session="one")
    content = shared("bob", NOON, session="one", share_scope="content")
    assert value(rate, START, share, corrected(share, share_scope="content")) == 0
    assert value(rate, START, content, corrected(content, share_scope="product")) == 100
    assert value(rate, START, share, voided(share)) == 0
    assert value(rate, START, share, retracted(share, is_error=True)) == 0
    assert value(rate, START, share, retracted(share)) == 100


def test_a_session_whose_first_start_never_happened_begins_with_the_next() -> None:
    raws = [began("bob", "2026-04-10T11:00:00Z", "one", platform="ios"), START]
    assert ask("total_sessions", raws) == Answer(Decimal(1), {"bob": 1})
    assert ask("total_sessions", [*raws, voided(raws[0])]) == Answer(Decimal(1), {"alice": 1})
    assert ask("total_sessions", [*raws, voided(START)]) == Answer(Decimal(1), {"bob": 1})
    assert ask("total_sessions", [*raws, voided(START), voided(raws[0])]).value == 0
    assert parts("total_sessions", "platform", *raws, voided(raws[0])) == ["web"]


def test_when_it_was_who_did_it_its_session_and_its_link_cannot_be_corrected() -> None:
    told = {"session": "two", "impression": "two", "userId": "bob", "timestamp": "2026-03-10T12:00:00Z"}
    share, click = shared("alice", NOON, session="one"), acted("alice", NOON, "one")
    for target in (share, click, START, PROMPT):
        word = did("bob", "event.corrected", "2026-03-10", corrects=target["messageId"], **told)
        raws = [share, click, START, PROMPT, word]
        assert ask("product_sharing_rate_by_session", raws).numerator == {"alice": 1}
        assert ask("referral_prompt_interaction_rate", raws).numerator == {"alice": 1}
        assert ask(SHARES, raws).numerator == {"alice": 1}


def test_what_never_happened_counts_nowhere_and_is_no_activity() -> None:
    target = wrote("alice", NOON, True)
    for kpi in ("referral_messages_sent", "customized_referral_messages", ACTIVE, "mau"):
        assert [value(kpi, target), value(kpi, target, voided(target))] == [1, 0]
    for target in (SHARE, worked("alice", NOON), START):
        assert [value(ACTIVE, target), value(ACTIVE, target, voided(target))] == [1, 0]
    raws = [SHARE, worked("alice", NOON), voided(SHARE)]
    assert ask(ACTIVE, raws, segment=Did("share.created")).value == 0
    assert ask(ACTIVE, raws, channels=frozenset({"email"})).value == 0


def test_who_did_nothing_but_correct_is_active_by_none_of_it() -> None:
    words = [corrected(SHARE, NOON, "carla", channel="sms"), voided(SENT, NOON, "dana")]
    assert ask(ACTIVE, [SHARE, SENT, *words]).numerator == {"alice": 1}
    assert ACTIVITY.isdisjoint({"event.corrected", "event.voided"})


def test_what_is_corrected_is_still_activity_even_if_it_failed() -> None:
    assert value(ACTIVE, SHARE, corrected(SHARE, is_error=True)) == 1
    assert value(ACTIVE, SENT, corrected(SENT, status="draft")) == 1


def test_a_voided_signup_is_none_and_a_later_one_is_the_first() -> None:
    first, again = did("alice", "user.signed_up", "2026-04-01"), did("alice", "user.signed_up", "2026-05-02")
    assert value(SIGNUPS, first, voided(first)) == 0
    assert value(SIGNUPS, first, again, voided(first)) == 0
    assert value(SIGNUPS, first, again, voided(first), period="2026-05") == 1
    assert value(SIGNUPS, first, again, voided(again)) == 1


def test_who_never_signed_up_is_not_registered_and_who_never_left_still_is() -> None:
    raws = [did("alice", "user.signed_up", "2026-03-01"), did("bob", "user.signed_up", "2026-03-01")]
    raws += [did("alice", "user.deactivated", "2026-04-20"), worked("dana", NOON)]
    rate = "product_adoption_rate"
    assert ask(rate, raws).denominator == {"bob": 1, "dana": 1}
    assert ask(rate, [*raws, voided(raws[2])]).denominator == {"alice": 1, "bob": 1, "dana": 1}
    assert ask(rate, [*raws, voided(raws[2]), voided(raws[1])]).denominator == {"alice": 1, "dana": 1}


def test_an_account_that_was_created_by_mistake_is_no_new_one() -> None:
    first, again = (did("alice", "account.created", f"2026-0{month}-01", account="acme") for month in (4, 5))
    assert value("new_accounts", first, again) == 1
    assert value("new_accounts", first, again, voided(first)) == 0
    assert value("new_accounts", first, again, voided(first), period="2026-05") == 1


def test_a_retraction_changes_nothing_unless_it_says_that_the_share_was_a_mistake() -> None:
    for said in ({}, {"is_error": False}, {"is_error": None}):
        assert value(SHARES, SHARE, retracted(SHARE, **said)) == 1
    assert value(SHARES, SHARE, retracted(SHARE, is_error=True)) == 0
    raws = [SHARE, retracted(SHARE, NOON, "dana", is_error=True)]
    assert ask(ACTIVE, raws).numerator == {"alice": 1, "dana": 1}


def test_a_retraction_is_of_the_action_whatever_messages_tell_of_it() -> None:
    again = shared("alice", NOON, action_id="a")
    assert sent([("web", SHARE), ("web", again), ("web", retracted(SHARE, is_error=True))]).value == 0
    assert sent([("web", again), ("web", SHARE), ("web", corrected(SHARE, is_error=True))]).value == 1
    assert sent([("web", SHARE), ("server", retracted(SHARE, is_error=True))]).value == 1
    assert sent([("web", worked("bob", NOON)), ("web", SHARE), ("web", retracted(shared("a", NOON)))]).value == 1
