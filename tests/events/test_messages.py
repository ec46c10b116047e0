"""Every row of RELIABILITY section 5, "One event", that one message alone decides."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.events.messages import Rejection, Terms, parse
from tests.world import NOW

TERMS = Terms(now=NOW, oldest=NOW - timedelta(days=400), undated=NOW)
GOOD: dict[str, Any] = {
    "type": "track",
    "messageId": "m-1",
    "userId": "alice",
    "event": "share.created",
    "timestamp": "2026-04-30T09:15:00+02:00",
    "properties": {"share_type": "invite"},
}


def rejection_of(message: object, terms: Terms = TERMS) -> Rejection:
    with pytest.raises(Rejection) as rejected:
        parse(message, terms)
    return rejected.value


def test_a_track_call_is_taken_whole() -> None:
    message = parse({**GOOD, "anonymousId": "anon", "context": {"groupId": "acme", "locale": "de"}}, TERMS)
    assert (message.type, message.name, message.message_id) == ("track", "share.created", "m-1")
    assert (message.user_id, message.anonymous_id, message.group_id) == ("alice", "anon", "acme")
    assert message.occurred_at == datetime(2026, 4, 30, 7, 15, tzinfo=UTC)
    assert message.properties == {"share_type": "invite", "$context": {"locale": "de"}}
    assert message.traits == {}


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"messageId": "x" * 256}, "bad_message_id", "1 to 255 characters"),
        ({"messageId": 7}, "bad_message_id", "1 to 255 characters"),
        ({"messageId": ""}, "bad_message_id", "1 to 255 characters"),
        ({"userId": None}, "no_identity", "names a `userId`, an `anonymousId`, or both"),
        ({"userId": "null"}, "reserved_id", '`userId` is "null", which names nobody'),
        ({"userId": "undefined"}, "reserved_id", "names nobody"),
        ({"userId": ""}, "reserved_id", "names nobody"),
        ({"anonymousId": "undefined"}, "reserved_id", "`anonymousId`"),
        ({"userId": True}, "bad_id", "a text or a whole number, not a boolean"),
        ({"userId": "x" * 256}, "too_long", "`userId` has at most 255 characters"),
        ({"type": "trak"}, "unknown_type", 'one of track, identify, group, page, screen, alias; this is "trak"'),
        ({"type": None}, "unknown_type", "this is missing"),
        ({"event": ""}, "empty_event_name", "not empty"),
        ({"event": "  "}, "empty_event_name", "not empty"),
        ({"event": None}, "empty_event_name", "not empty"),
        ({"event": "x" * 201}, "too_long", "at most 200 characters"),
        ({"properties": []}, "wrong_type", "`properties` is an object, not a list"),
        ({"properties": {"note": "x" * 33_000}}, "too_large", "at most 32,768 bytes"),
        ({"properties": {"note": "a\0b"}}, "nul_character", "NUL"),
        ({"properties": {"a\0": 1}}, "nul_character", "NUL"),
        ({"properties": {"deep": [{"note": "\0"}]}}, "nul_character", "NUL"),
        ({"properties": {"note": "\ud800"}}, "bad_unicode", "surrogate"),
        ({"properties": {f"p{n}": n for n in range(1001)}}, "too_many_properties", "at most 1,000"),
        ({"timestamp": "yesterday"}, "bad_timestamp", "ISO 8601 instant with a zone"),
        ({"timestamp": "2026-04-30T09:15:00"}, "bad_timestamp", "It lacks the zone"),
        ({"timestamp": "2026-04-30"}, "bad_timestamp", "It lacks the zone"),
        ({"timestamp": 1777533300}, "bad_timestamp", "not 1777533300"),
        ({"timestamp": "2026-06-30T23:59:60Z"}, "bad_timestamp", "23:59:60Z"),
        ({"timestamp": "2026-04-30T24:00:00Z"}, "bad_timestamp", "24:00:00Z"),
        ({"timestamp": "2026-02-30T09:15:00Z"}, "bad_timestamp", "2026-02-30"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "bad_timestamp", "0001"),
        ({"timestamp": "2026-05-21T12:00:01Z"}, "in_the_future", "more than 24 hours ahead"),
        ({"timestamp": "2025-04-15T11:59:59Z"}, "too_old", "is before 2025-04-15: import what is older"),
    ],
)
def test_a_bad_message_is_rejected_with_a_code_and_a_reason(
    changes: dict[str, Any], code: str, reason: str
) -> None:
    rejection = rejection_of({**GOOD, **changes})
    assert rejection.code == code
    assert reason in rejection.reason


@pytest.mark.parametrize(("raw", "kind"), [(None, "null"), ("x", "a text"), (7, "a number"), ([], "a list")])
def test_what_is_no_object_is_rejected(raw: object, kind: str) -> None:
    rejection = rejection_of(raw)
    assert (rejection.code, rejection.reason) == ("not_an_object", f"A message is a JSON object, not {kind}.")


def test_the_limits_themselves_are_taken() -> None:
    message = parse(
        {
            **GOOD,
            "messageId": "x" * 255,
            "userId": "y" * 255,
            "event": "z" * 200,
            "timestamp": "2026-05-21T12:00:00Z",
            "properties": {f"p{n}": n for n in range(1000)},
        },
        TERMS,
    )
    assert (len(message.message_id), len(message.name), len(message.properties)) == (255, 200, 1000)
    assert parse({**GOOD, "timestamp": "2025-04-15T12:00:00Z"}, TERMS).occurred_at == TERMS.oldest


def test_an_import_takes_any_age() -> None:
    message = parse({**GOOD, "timestamp": "1971-01-01T00:00:00-05:00"}, Terms(now=NOW))
    assert message.occurred_at == datetime(1971, 1, 1, 5, tzinfo=UTC)


def test_a_message_without_a_time_happened_when_it_came_in() -> None:
    undated = {key: value for key, value in GOOD.items() if key != "timestamp"}
    assert parse(undated, TERMS).occurred_at == NOW
    assert rejection_of(undated, Terms(now=NOW)).code == "bad_timestamp"


def test_a_message_without_an_id_is_given_one() -> None:
    made = [parse({**GOOD, "messageId": None}, TERMS) for _ in range(2)]
    assert all(message.is_id_made for message in made)
    assert made[0].message_id != made[1].message_id
    assert not parse(GOOD, TERMS).is_id_made


def test_a_whole_number_is_an_id() -> None:
    assert parse({**GOOD, "userId": 42}, TERMS).user_id == "42"


@pytest.mark.parametrize("depth", [400, 950])
def test_a_message_nested_deep_is_taken_or_rejected_but_breaks_nothing(depth: int) -> None:
    value: object = "\0"
    for _ in range(depth):
        value = [value]
    assert rejection_of({**GOOD, "properties": {"deep": value}}).code in ("nul_character", "too_deep")


def test_an_undated_message_has_one_digest_whenever_it_comes() -> None:
    undated = {key: value for key, value in GOOD.items() if key != "timestamp"}
    later = Terms(now=NOW + timedelta(hours=1), undated=NOW + timedelta(hours=1))
    assert parse(undated, TERMS).body_digest == parse(undated, later).body_digest


def test_text_that_only_looks_like_nul_is_taken() -> None:
    assert parse({**GOOD, "properties": {"note": r"a\u0000b"}}, TERMS).properties["note"] == r"a\u0000b"


def test_an_identify_call_carries_traits() -> None:
    message = parse({**GOOD, "type": "identify", "traits": {"plan": "pro", "seats": Decimal("2.50")}}, TERMS)
    assert message.name == "$identify"
    assert message.traits == message.properties == {"plan": "pro", "seats": Decimal("2.50")}


def test_a_group_call_names_a_group() -> None:
    message = parse({**GOOD, "type": "group", "groupId": "acme", "traits": {"industry": "law"}}, TERMS)
    assert (message.name, message.group_id, message.traits) == ("$group", "acme", {"industry": "law"})
    assert rejection_of({**GOOD, "type": "group"}).code == "no_group"


@pytest.mark.parametrize("kind", ["page", "screen"])
def test_a_page_or_screen_call_keeps_its_name(kind: str) -> None:
    message = parse({**GOOD, "type": kind, "name": "Pricing", "category": "Docs"}, TERMS)
    assert message.name == f"${kind}"
    assert message.properties == {"share_type": "invite", "name": "Pricing", "category": "Docs"}


def test_an_alias_call_keeps_the_previous_id() -> None:
    message = parse({**GOOD, "type": "alias", "previousId": "anon-1", "properties": None}, TERMS)
    assert (message.name, message.properties) == ("$alias", {"previousId": "anon-1"})


def test_the_body_digest_tells_bodies_apart_and_not_spellings_of_one() -> None:
    once = parse(GOOD, TERMS)
    assert parse({**GOOD, "timestamp": "2026-04-30T07:15:00Z"}, TERMS).body_digest == once.body_digest
    assert parse({**GOOD, "event": "share.retracted"}, TERMS).body_digest != once.body_digest
    assert parse({**GOOD, "properties": {"share_type": "link"}}, TERMS).body_digest != once.body_digest
