"""Which corrections hold, of which targets, and who may make them, counted by hand."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from tests.oracle.breakdown import Split, breakdown
from tests.oracle.examples import (
    LATER,
    anonymous,
    ask,
    called,
    corrected,
    did,
    grouped,
    held,
    merged,
    placed,
    recognised,
    retracted,
    shared,
    visited,
    voided,
    worked,
)
from tests.oracle.ledger import ACCEPTED, DUPLICATE
from tests.oracle.messages import key
from tests.oracle.oracle import Asked, Home, Oracle
from tests.oracle.test_corrections import ACTIVE, NOON, SENT, SHARE, SHARES, parts, sent, value


def test_the_last_correction_of_each_column_by_its_own_time_holds() -> None:
    words = [
        corrected(SHARE, "2026-05-02T12:00:00+02:00", channel="sms", feature="editor"),
        corrected(SHARE, "2026-05-02T11:00:00Z", channel="button", object_type=""),
        corrected(SHARE, "2026-05-01", channel="fax", share_type="invite", object_type="report"),
    ]
    for order in permutations([SHARE, *words]):
        found = [parts(SHARES, by, *order) for by in ("channel", "feature", "shareType", "objectType")]
        assert found == [["button"], ["editor"], ["invite"], ["report"]]


def test_of_two_corrections_of_one_instant_the_one_of_the_greater_key_holds() -> None:
    words = [corrected(SHARE, channel=channel) for channel in ("sms", "fax", "chat", "mail")]
    last = max(words, key=lambda word: key(word | {"source": "web"}))
    for order in permutations(words):
        assert parts(SHARES, "channel", SHARE, *order) == [last["properties"]["channel"]]
    assert {words[0]["messageId"], words[-1]["messageId"]} != {last["messageId"]}


def test_a_retraction_takes_its_place_among_the_corrections() -> None:
    mistake = retracted(SHARE, "2026-05-02", is_error=True)
    assert value(SHARES, SHARE, mistake, corrected(SHARE, "2026-05-01", is_error=False)) == 0
    assert value(SHARES, SHARE, mistake, corrected(SHARE, "2026-05-03", is_error=False)) == 1
    assert value(SHARES, SHARE, mistake, corrected(SHARE, "2026-05-03", status="completed")) == 0


def test_a_void_cannot_be_corrected_away() -> None:
    void = voided(SHARE, "2026-05-01")
    for word in (corrected(SHARE, "2026-05-02", is_error=False), corrected(void, is_error=True), voided(void)):
        assert value(SHARES, SHARE, void, word) == 0


def test_to_correct_or_void_a_correction_changes_nothing() -> None:
    word = corrected(SHARE, channel="sms")
    for other in (voided(word), corrected(word, channel="fax"), corrected(word, is_error=True)):
        assert parts(SHARES, "channel", SHARE, word, other) == ["sms"]


def test_a_retraction_that_never_happened_is_no_activity_and_the_share_a_mistake_still() -> None:
    mistake = retracted(SHARE, NOON, "dana", is_error=True)
    for word in (voided(mistake), corrected(mistake, "2026-05-20", is_error=False)):
        assert value(SHARES, SHARE, mistake, word) == 0
    assert ask(ACTIVE, [SHARE, mistake, voided(mistake)]).numerator == {"alice": 1}


def test_what_never_comes_or_comes_from_another_source_is_not_corrected() -> None:
    share = [("web", SHARE), ("server", corrected(SHARE, is_error=True)), ("server", voided(SHARE))]
    assert sent(share).value == 1
    assert sent([*share, ("server", SHARE)]).value == 1
    assert sent([*share, ("web", voided(SHARE)), ("server", shared("bob", NOON))]).numerator == {"bob": 1}
    assert sent([("web", voided(shared("bob", NOON))), ("web", SHARE)]).numerator == {"alice": 1}


def test_of_a_correction_that_is_sent_twice_or_again_otherwise_the_first_holds() -> None:
    word = corrected(SHARE, channel="sms")
    ledger = held([word, SHARE])
    again = [word, word | {"properties": word["properties"] | {"channel": "fax"}}, voided(SHARE)]
    fates = [ledger.take("web", raw | {"messageId": word["messageId"]}) for raw in again]
    assert fates == [DUPLICATE] * 3
    assert ledger.take("web", corrected(SHARE) | {"messageId": SHARE["messageId"]}) == DUPLICATE
    answers = breakdown(Oracle(ledger, Home("UTC")), Asked(SHARES, "2026-04", LATER, "UTC"), Split("channel"))
    assert list(answers) == ["sms"]


def test_a_duplicate_of_the_target_comes_as_the_target_did() -> None:
    ledger = held([SHARE, voided(SHARE)])
    assert ledger.take("web", SHARE) == DUPLICATE
    assert Oracle(ledger, Home("UTC")).answer(Asked(SHARES, "2026-04", LATER, "UTC")).value == 0


def test_anybody_may_correct_even_a_visitor_of_whom_nothing_is_known() -> None:
    for word in (corrected(SHARE, is_error=True), voided(SHARE)):
        assert value(SHARES, SHARE, anonymous(word, "v")) == 0
        assert value(SHARES, SHARE, called("carla", "2026-05-01", is_internal=True), word) == 0


def test_what_is_said_of_people_and_accounts_cannot_be_corrected_or_voided() -> None:
    raws = [
        recognised("v", "alice", "2026-04-02"),
        called("erin", "2026-04-02", is_internal=True),
        merged("al", "alice"),
        placed("alice", "acme", "2026-04-02"),
        grouped("bob", "acme", "2026-04-02"),
    ]
    deeds = [visited("v", "2026-04-03", "share.created"), worked("al", NOON), worked("erin", NOON)]
    created = did("dana", "account.created", "2026-04-01", account="acme")
    words = [word for raw in raws for word in (voided(raw), corrected(raw, channel="sms", is_error=True))]
    for more in ([], words):
        oracle = Oracle(held([*raws, *deeds, created, *more]), Home("UTC"))
        assert oracle.answer(Asked(ACTIVE, "2026-04", LATER, "UTC")).numerator == {"alice": 1}
        assert oracle.people.lifted({"alice", "bob"}, "account", datetime(2026, 4, 30, tzinfo=UTC).date()) == {
            "acme"
        }


@pytest.mark.parametrize("event", ["event.corrected", "event.voided"])
def test_a_correction_without_a_target_is_refused(event: str) -> None:
    ledger = held([SHARE])
    for said in ({}, {"corrects": None}, {"channel": "sms", "action_id": "a"}):
        assert ledger.take("web", did("alice", event, NOON, **said)) == "missing_property"
    assert ledger.take("web", did("alice", event, NOON, corrects=SHARE["messageId"])) == ACCEPTED


def test_what_somebody_erased_corrected_stays_corrected_and_theirs_may_still_be() -> None:
    ledger = held(
        [SHARE, SENT, corrected(SENT, user="alice", message_customized=True), voided(SHARE, user="alice")]
    )
    ledger.erase("alice", datetime(2026, 6, 1, tzinfo=UTC))
    asked = [Asked(kpi, "2026-04", LATER, "UTC") for kpi in (SHARES, "customized_referral_messages")]
    assert [Oracle(ledger, Home("UTC")).answer(one).value for one in asked] == [0, 1]
    assert ledger.take("web", corrected(SENT, user="alice", message_customized=False)) == "suppressed"
    assert ledger.take("web", voided(SENT, user="bob")) == ACCEPTED
    assert [Oracle(ledger, Home("UTC")).answer(one).value for one in asked] == [0, 0]
