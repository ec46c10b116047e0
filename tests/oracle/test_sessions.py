"""Sessions and what is shared in them, counted by hand: when one begins, whose it is, and what it draws."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.conditions import Did
from tests.oracle.counting import OF_SESSIONS
from tests.oracle.examples import (
    LATER,
    aliased,
    anonymous,
    ask,
    began,
    called,
    did,
    held,
    merged,
    recognised,
    shared,
    worked,
)
from tests.oracle.ledger import ACCEPTED, DUPLICATE, Ledger
from tests.oracle.messages import Raw, key
from tests.oracle.oracle import Answer, Asked, Home, Oracle

TOTAL, RATE = "total_sessions", "product_sharing_rate_by_session"
NOON = "2026-04-10T12:00:00Z"
# Alice shared twice in one of two sessions, Bob in none, in Carla's it was Dana who shared.
STARTS = [
    began("alice", "2026-04-10", "one", platform="web", source_channel="mail"),
    began("alice", "2026-04-11", "two", platform="ios"),
    began("bob", "2026-04-10", "three", platform="web"),
    began("carla", "2026-04-12", "four", source_channel="mail"),
]
SHARES = [
    shared("alice", "2026-04-10T12:01:00Z", session="one", share_type="link", channel="button", object_type="doc"),
    shared("alice", "2026-04-10T12:02:00Z", session="one", share_type="invite", channel="email", feature="menu"),
    shared("dana", "2026-04-12T13:00:00Z", session="four", share_type="link", object_type="report"),
]
EVERYTHING = [*STARTS, *SHARES]
ALL = {"alice": 2, "bob": 1, "carla": 1}


def draws(start: Raw, *shares: Raw) -> bool:
    """Whether anything was shared in a session."""
    answer = ask(RATE, [start, *shares])
    assert answer.value in (0, 100)
    return answer.value == 100


def test_in_two_of_four_sessions_something_was_shared() -> None:
    assert ask(TOTAL, EVERYTHING) == Answer(Decimal(4), ALL)
    assert ask(RATE, EVERYTHING) == Answer(Decimal(50), {"alice": 1, "carla": 1}, ALL)


def test_of_12000_sessions_240_have_a_share_which_is_2_percent() -> None:
    raws = [began(f"user-{number % 900}", "2026-04-10", f"session-{number}") for number in range(12_000)]
    raws += [shared(f"user-{number % 900}", "2026-04-10", session=f"session-{number}") for number in range(240)]
    raws += [shared("user-0", "2026-04-10", session="session-0"), shared("user-1", "2026-04-10")]
    assert ask(TOTAL, raws).value == 12_000
    rate = ask(RATE, raws)
    assert (rate.value, sum(rate.numerator.values())) == (Decimal(2), 240)


@pytest.mark.parametrize(
    ("shared_at", "counts"),
    [
        ("2026-04-10T11:59:59.999999Z", False),
        ("2026-04-10T12:00:00Z", True),
        ("2026-04-10T14:00:00+02:00", True),
        ("2026-04-11T11:59:59.999999Z", True),
        ("2026-04-11T12:00:00Z", False),
        ("2026-04-11T13:59:59+02:00", True),
        ("2026-04-11T13:59:59Z", False),
    ],
)
def test_what_is_shared_from_the_start_of_a_session_to_24_hours_after_it_counts(
    shared_at: str, counts: bool
) -> None:
    assert draws(began("alice", NOON, "one"), shared("alice", shared_at, session="one")) is counts


@pytest.mark.parametrize(
    ("began_at", "shared_at", "counts"),
    [
        ("2026-03-28T12:00:00+01:00", "2026-03-29T12:59:59+02:00", True),
        ("2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00+02:00", False),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T10:59:59+01:00", True),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00", False),
    ],
)
def test_the_24_hours_are_as_long_when_the_clocks_change(began_at: str, shared_at: str, counts: bool) -> None:
    raws = [began("alice", began_at, "one"), shared("alice", shared_at, session="one")]
    asked = Asked(RATE, "2026", datetime(2026, 12, 1, tzinfo=UTC), "Europe/Berlin")
    assert Oracle(held(raws), Home("Europe/Berlin")).answer(asked).value == 100 * counts


def test_a_session_belongs_to_the_day_and_the_month_in_which_it_begins_with_all_that_is_shared_in_it() -> None:
    raws = [began("alice", "2026-04-30T23:50:00Z", "one"), shared("alice", "2026-05-01T00:10:00Z", session="one")]
    whole = Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    assert [ask(RATE, raws, period) for period in ("2026-04", "2026-04-30")] == [whole, whole]
    assert [ask(RATE, raws, period) for period in ("2026-05", "2026-05-01")] == [Answer(None, {}, {})] * 2
    assert [ask(TOTAL, raws, period).value for period in ("2026-04", "2026-05")] == [1, 0]
    in_berlin = [ask(TOTAL, raws, period, "Europe/Berlin").value for period in ("2026-04", "2026-05")]
    assert in_berlin == [0, 1]


def test_a_session_that_is_started_twice_is_one_and_begins_with_the_first() -> None:
    raws = [began("alice", NOON, "one"), began("alice", "2026-04-10T13:00:00Z", "one")]
    raws.append(began("bob", "2026-05-02", "one"))
    assert ask(TOTAL, raws) == Answer(Decimal(1), {"alice": 1})
    assert ask(TOTAL, raws, "2026-05").value == 0
    # It is a day after the first start, though not after the second one.
    assert not draws(raws[0], raws[1], shared("alice", "2026-04-11T12:30:00Z", session="one"))


def test_an_earlier_start_that_comes_late_moves_a_session_to_its_own_month_and_person() -> None:
    raws = [began("alice", "2026-04-01T00:10:00Z", "one"), shared("alice", "2026-04-01T22:00:00Z", session="one")]
    assert ask(RATE, raws) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})
    for late, drew in (("2026-03-31T23:50:00Z", {"bob": 1}), ("2026-03-31T21:00:00Z", {})):
        moved = [*raws, began("bob", late, "one")]
        assert ask(RATE, moved) == Answer(None, {}, {})
        assert ask(RATE, moved, "2026-03") == Answer(Decimal(100 * len(drew)), drew, {"bob": 1})


def test_of_two_starts_at_one_instant_the_one_of_the_lesser_key_begins_the_session() -> None:
    starts = [began(user, NOON, "one") for user in ("alice", "bob", "carla", "dana")]
    places = [("web", starts[0]), ("web", starts[1]), ("server", starts[2]), ("server", starts[3])]
    first = min(places, key=lambda one: key(one[1] | {"source": one[0]}))[1]["userId"]
    for order in (places, places[::-1]):
        ledger = Ledger()
        assert {ledger.take(source, raw) for source, raw in order} == {ACCEPTED}
        found = Oracle(ledger, Home("UTC")).answer(Asked(TOTAL, "2026-04", LATER, "UTC"))
        assert found == Answer(Decimal(1), {first: 1})


def test_a_key_is_16_bytes_of_the_source_and_the_id() -> None:
    told = {"source": "web", "messageId": "m-1"}
    assert key(told).hex() == "78fe42cc9036fb7b6a3af7cdbec64898"
    assert len({key(told), key(told | {"source": "server"}), key(told | {"messageId": "m-2"})}) == 3


def test_a_start_without_an_id_is_a_session_of_its_own_in_which_nothing_is_shared() -> None:
    raws = [began("alice", NOON), began("alice", NOON), began("bob", NOON, session_id="")]
    raws += [shared("alice", NOON), shared("bob", NOON, session="None"), shared("bob", NOON, session="")]
    assert ask(RATE, raws) == Answer(Decimal(0), {}, {"alice": 2, "bob": 1})


@pytest.mark.parametrize(
    ("named", "context"),
    [
        ({"session": "one"}, {}),
        ({"session_id": "one"}, {"sessionId": "other"}),
        ({}, {"sessionId": "one"}),
        ({"session": None, "session_id": ""}, {"sessionId": "one", "session": "other"}),
        ({"session": "ß" * 256, "session_id": "one"}, {"sessionId": "other"}),
        ({"session": 7, "session_id": ["other"]}, {"sessionId": "one"}),
        ({"session": "one", "session_id": "other", "sessionId": "other"}, {"sessionId": "other"}),
    ],
)
def test_a_session_is_named_by_the_first_text_that_is_not_too_long(named: Raw, context: Raw) -> None:
    start = did("alice", "session.started", NOON, **named) | {"context": context}
    assert draws(start, shared("alice", NOON, session="one"))
    assert not draws(start, shared("alice", NOON, session="other"))
    assert draws(began("alice", NOON, "one"), shared("bob", NOON, **named) | {"context": context})


def test_an_id_of_255_characters_is_one_and_it_is_compared_whole() -> None:
    longest = "ß" * 255
    assert draws(began("alice", NOON, longest), shared("alice", NOON, session=longest))
    assert not draws(began("alice", NOON, longest), shared("alice", NOON, session=longest[:-1]))
    assert not draws(began("alice", NOON, "one"), shared("alice", NOON, session="One"))
    too_long = [began("alice", NOON, longest + "ß") for _ in range(2)]
    assert ask(TOTAL, too_long).value == 2


@pytest.mark.parametrize(
    "told",
    [
        {"share_scope": "content"},
        {"share_scope": "referral"},
        {"share_scope": None},
        {"is_error": True},
        {"status": "failed"},
        {"status": "cancelled"},
    ],
)
def test_what_is_no_valid_product_share_is_nothing_shared_in_a_session(told: Raw) -> None:
    assert not draws(began("alice", NOON, "one"), shared("alice", NOON, session="one", **told))
    assert draws(began("alice", NOON, "one"), shared("alice", NOON, session="one", status="completed"))


def test_something_else_that_names_the_session_is_no_share_and_begins_none() -> None:
    others = [did("alice", event, NOON, session="one") for event in ("action.performed", "session.ended")]
    assert not draws(began("alice", NOON, "one"), *others)
    assert ask(TOTAL, [*others, *SHARES]).value == 0


def test_one_action_that_is_told_in_two_sessions_was_shared_in_that_of_the_first_message() -> None:
    share = shared("alice", NOON, session="one", action_id="a")
    again = shared("alice", NOON, session="three", action_id="a")
    ledger = held([*STARTS, share])
    assert ledger.take("web", again) == DUPLICATE
    found = Oracle(ledger, Home("UTC")).answer(Asked(RATE, "2026-04", LATER, "UTC"))
    assert found.numerator == {"alice": 1}


def test_it_counts_for_whoever_began_the_session_whoever_shares() -> None:
    raws = [STARTS[2], shared("dana", NOON, session="three"), anonymous(shared("v", NOON, session="three"), "v")]
    for shares in (raws[1:], raws[1:2], raws[2:]):
        assert ask(RATE, [STARTS[2], *shares]) == Answer(Decimal(100), {"bob": 1}, {"bob": 1})


def test_a_session_of_nobody_counts_for_nobody_until_they_are_recognised() -> None:
    raws = [anonymous(began("v", NOON, "one"), "v"), began("bob", "2026-04-10T12:05:00Z", "one")]
    raws.append(shared("bob", "2026-04-10T12:06:00Z", session="one"))
    # Bob's own start begins nothing, even while nobody knows whose the session is.
    assert ask(TOTAL, raws) == Answer(Decimal(0), {})
    assert ask(RATE, raws) == Answer(None, {}, {})
    known = [*raws, recognised("v", "alice", "2026-05-01")]
    assert ask(RATE, known) == Answer(Decimal(100), {"alice": 1}, {"alice": 1})


def test_sessions_of_merged_people_count_for_whom_they_are() -> None:
    raws = [*EVERYTHING, merged("bob", "alice"), aliased("carla", "erin", "2026-05-01")]
    assert ask(TOTAL, raws) == Answer(Decimal(4), {"alice": 3, "erin": 1})
    assert ask(RATE, raws) == Answer(Decimal(50), {"alice": 1, "erin": 1}, {"alice": 3, "erin": 1})


def test_sessions_of_colleagues_are_out_and_what_they_share_in_anothers_counts() -> None:
    raws = [*EVERYTHING, *(called(user, "2026-05-01", is_internal=True) for user in ("alice", "dana"))]
    raws += [began("bob", "2026-04-10T13:00:00Z", "one"), shared("alice", NOON, session="three")]
    assert ask(TOTAL, raws) == Answer(Decimal(2), {"bob": 1, "carla": 1})
    assert ask(RATE, raws) == Answer(Decimal(100), {"bob": 1, "carla": 1}, {"bob": 1, "carla": 1})


def test_every_start_is_activity_and_a_deed_even_one_that_begins_nothing() -> None:
    raws = [began("alice", NOON, "one"), began("bob", "2026-04-10T13:00:00Z", "one")]
    for segment in (None, Did("session.started")):
        assert ask("total_active_users", raws, segment=segment).numerator == {"alice": 1, "bob": 1}


def test_the_order_of_arrival_changes_nothing() -> None:
    raws = [*EVERYTHING, began("bob", "2026-04-09T20:00:00Z", "one"), began("bob", "2026-04-12T12:30:00Z", "four")]
    for kpi in OF_SESSIONS:
        assert ask(kpi, raws[::-1]) == ask(kpi, raws)


def test_of_no_sessions_the_count_is_0_and_the_rate_undefined() -> None:
    raws = [worked("alice", "2026-04-01"), began("bob", "2026-05-01", "one")]
    assert ask(TOTAL, raws) == Answer(Decimal(0), {})
    assert ask(RATE, raws) == Answer(None, {}, {})
