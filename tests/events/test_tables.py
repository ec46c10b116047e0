import pytest

from apps.events.decoding import Malformed
from apps.events.tables import message

TYPES = {
    "feature.used": {"uses": "integer", "feature": "string"},
    "$identify": {"seats": "integer"},
}


def test_an_empty_cell_says_nothing() -> None:
    cells = {"type": "page", "userId": "alice", "groupId": "", "properties": None, "properties.title": ""}
    assert message(cells, {}) == {"type": "page", "userId": "alice"}


def test_a_column_with_a_dot_is_a_field_and_only_its_first_dot_counts() -> None:
    cells = {"type": "group", "traits.plan": "pro", "context.groupId": "initech", "properties.a.b": "c"}
    assert message(cells, {}) == {
        "type": "group",
        "traits": {"plan": "pro"},
        "context": {"groupId": "initech"},
        "properties": {"a.b": "c"},
    }


def test_an_object_may_come_as_json_and_as_fields() -> None:
    cells = {"properties.channel": "email", "properties": '{"share_type": "invite"}'}
    assert message(cells, {}) == {"properties": {"share_type": "invite", "channel": "email"}}


def test_a_field_that_is_given_twice_is_malformed() -> None:
    with pytest.raises(Malformed) as malformed:
        message({"properties": '{"channel": "email"}', "properties.channel": "email"}, {})
    assert malformed.value.code == "duplicate_key"
    assert "`properties.channel`" in malformed.value.reason


def test_json_that_is_no_object_is_left_for_the_door_to_refuse() -> None:
    assert message({"properties": "[1]", "properties.channel": "email"}, {}) == {"properties": [1]}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("007", 7),
        ("3.0", "3.0"),
        ("three", "three"),
        ("9" * 19, "9" * 19),
        ("٣", "٣"),
        (3, 3),
    ],
)
def test_a_text_becomes_an_integer_where_the_taxonomy_says_so(cell: object, value: object) -> None:
    cells = {"type": "track", "event": " feature.used", "properties.uses": cell, "properties.feature": "7"}
    assert message(cells, TYPES)["properties"] == {"uses": value, "feature": "7"}


def test_a_text_stays_a_text_where_the_taxonomy_says_nothing() -> None:
    cells = {"type": "track", "event": "unplanned", "properties.uses": "3", "properties.is_new": "true"}
    assert message(cells, TYPES)["properties"] == {"uses": "3", "is_new": "true"}


def test_the_types_of_a_call_that_is_no_track_are_those_of_its_own_name() -> None:
    cells = {"type": "identify", "event": "feature.used", "traits.seats": "3", "traits.uses": "3"}
    assert message(cells, TYPES)["traits"] == {"seats": 3, "uses": "3"}


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("FALSE", False), ("1", "1"), ("yes", "yes")])
@pytest.mark.parametrize("name", ["properties.is_error", "properties.message_customized", "traits.is_internal"])
def test_a_flag_is_a_boolean_in_every_event(name: str, cell: str, value: object) -> None:
    parent, _, field = name.partition(".")
    assert message({"type": "track", "event": "unplanned", name: cell}, TYPES)[parent] == {field: value}


def test_the_context_holds_texts() -> None:
    cells = {"type": "track", "event": "feature.used", "context.uses": "3", "context.is_error": "true"}
    assert message(cells, TYPES)["context"] == {"uses": "3", "is_error": "true"}
