from typing import Any

import pytest

from apps.audience.filters import did, trait_is
from apps.engine.conditions import Did, TraitIs, TraitOp
from apps.engine.definitions import where
from apps.engine.refusals import ConditionError
from apps.engine.sets import Space

USERS, BOTH = frozenset({Space.USER}), frozenset(Space)
TRAITS = {"plan": frozenset({Space.ACCOUNT}), "role": USERS, "seats": BOTH}
EVENTS = {"share.created", "feature.used"}


def trait(name: Any = "plan", op: Any = "EQUALS", values: Any = ("pro",)) -> dict[str, Any]:
    return {"name": name, "op": op, "values": list(values) if isinstance(values, tuple) else values}


def refused(read: Any, said: Any, names: Any) -> tuple[str, str, str, tuple[str, ...]]:
    with pytest.raises(ConditionError) as caught:
        read(said, "where", names)
    return caught.value.code, caught.value.field, caught.value.expected, caught.value.nearest


def test_a_comparison_is_read_with_whose_trait_it_is() -> None:
    assert trait_is(trait(), "where", TRAITS) == TraitIs("plan", TraitOp.EQUALS, ("pro",), BOTH)
    assert trait_is(trait("role"), "where", TRAITS) == TraitIs("role", TraitOp.EQUALS, ("pro",), USERS)


def test_without_a_list_of_traits_any_name_is_taken() -> None:
    assert trait_is(trait("not_seen_yet"), "rule") == TraitIs("not_seen_yet", TraitOp.EQUALS, ("pro",), USERS)


@pytest.mark.parametrize("op", ["IS_SET", "IS_NOT_SET"])
def test_a_comparison_without_values_takes_none(op: str) -> None:
    assert trait_is({"name": "plan", "op": op}, "where", TRAITS).values == ()


@pytest.mark.parametrize("values", [(), ("a", "b")])
@pytest.mark.parametrize("op", ["EQUALS", "NOT_EQUALS", "CONTAINS", "STARTS_WITH", "AT_LEAST", "AT_MOST"])
def test_most_comparisons_take_one_value(op: str, values: tuple[str, ...]) -> None:
    expected = ("BAD_CONDITION", "where.values", "one value", ())
    assert refused(trait_is, trait(op=op, values=values), TRAITS) == expected


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("BETWEEN", ("1",), "two values"),
        ("IN", (), "1 to 100 values"),
        ("NOT_IN", (), "1 to 100 values"),
        ("IS_SET", ("1",), "no values"),
        ("IS_NOT_SET", ("1",), "no values"),
    ],
)
def test_the_others_say_how_many_they_take(op: str, values: tuple[str, ...], expected: str) -> None:
    assert refused(trait_is, trait(op=op, values=values), TRAITS) == (
        "BAD_CONDITION",
        "where.values",
        expected,
        (),
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("soon", "later"), "a number, a date such as 2026-04-30, or a date with a time and its zone"),
        (("9", "10a"), "a number, a date such as 2026-04-30, or a date with a time and its zone"),
        (("10", "9"), "the lower bound before the upper one"),
    ],
)
def test_what_has_an_order_is_compared_with_what_has_one(values: tuple[str, ...], expected: str) -> None:
    found = refused(trait_is, trait(op="BETWEEN", values=values), TRAITS)
    assert found == ("BAD_CONDITION", "where.values", expected, ())


@pytest.mark.parametrize("values", ["pro", ["pro", 5], ["a\0b"], ["\ud800"], ["x" * 1001], ["x"] * 101, {}])
def test_values_are_a_list_of_texts_that_can_be_stored(values: Any) -> None:
    expected = "a list of at most 100 texts of at most 1,000 characters"
    assert refused(trait_is, trait(op="IN", values=values), TRAITS) == (
        "BAD_CONDITION",
        "where.values",
        expected,
        (),
    )


@pytest.mark.parametrize(
    ("said", "code", "field", "nearest"),
    [
        (trait("plam"), "UNKNOWN_TRAIT", "where.name", ("plan",)),
        (trait(["plan"]), "UNKNOWN_TRAIT", "where.name", ("plan",)),
        (trait(""), "BAD_CONDITION", "where.name", ()),
        (trait(op="EQUAL"), "UNKNOWN_OPERATOR", "where.op", ("EQUALS", "NOT_EQUALS")),
        (trait(op=None), "BAD_CONDITION", "where.op", ()),
        ({"name": "plan", "op": "EQUALS", "value": "pro"}, "BAD_CONDITION", "where.value", ("values",)),
        ("plan", "BAD_CONDITION", "where", ()),
    ],
)
def test_what_nobody_knows_is_named_with_the_nearest(
    said: Any, code: str, field: str, nearest: tuple[str, ...]
) -> None:
    found = refused(trait_is, said, TRAITS)
    assert (found[0], found[1], found[3]) == (code, field, nearest)


def test_a_deed_is_read_with_the_event_fields_that_restrict_it() -> None:
    said = {
        "event": "share.created",
        "atLeast": 3,
        "lastDays": 30,
        "shareTypes": ["link", "invite"],
        "channels": [],
    }
    limits = where({"share_type": ["link", "invite"]})
    assert did(said, "where", EVENTS) == (Did("share.created", 3, 30, None, limits), None)


def test_every_field_of_events_can_restrict_a_deed() -> None:
    names = ("shareTypes", "shareScopes", "channels", "features", "objectTypes", "sourceChannels")
    deed, _ = did({"event": "feature.used", **{name: ["a"] for name in names}}, "where", EVENTS)
    facets = ("channel", "feature", "object_type", "share_scope", "share_type", "source_channel")
    assert deed.where == tuple((facet, frozenset({"a"})) for facet in facets)


def test_a_deed_done_once_at_any_time_of_the_period_is_all_that_an_event_says() -> None:
    assert did({"event": "feature.used"}, "where", EVENTS) == (Did("feature.used"), None)


def test_a_period_is_handed_on_as_it_was_said() -> None:
    assert did({"event": "feature.used", "period": {"month": "2026-04"}}, "where", EVENTS)[1] == {
        "month": "2026-04"
    }


@pytest.mark.parametrize(
    ("said", "field", "expected"),
    [
        ({"atLeast": 0}, "where.atLeast", "a whole number from 1 to 2,147,483,647"),
        ({"atLeast": 1.5}, "where.atLeast", "a whole number from 1 to 2,147,483,647"),
        ({"lastDays": 3661}, "where.lastDays", "a whole number from 1 to 3,660"),
        ({"lastDays": "soon"}, "where.lastDays", "a whole number from 1 to 3,660"),
        ({"lastDays": 7, "period": {"day": "2026-04-01"}}, "where.period", "lastDays or period, not both"),
        (
            {"at_least": 3},
            "where.at_least",
            (
                "one of event, atLeast, lastDays, period, shareTypes, shareScopes, channels, features, "
                "objectTypes, sourceChannels"
            ),
        ),
    ],
)
def test_a_deed_that_cannot_be_says_which_field(said: dict[str, Any], field: str, expected: str) -> None:
    found = refused(did, {"event": "share.created", **said}, EVENTS)
    assert found[:3] == ("BAD_CONDITION", field, expected)


def test_an_event_that_nobody_planned_is_named_with_the_nearest() -> None:
    assert refused(did, {"event": "share.create"}, EVENTS) == (
        "UNKNOWN_EVENT",
        "where.event",
        "a planned event",
        ("share.created",),
    )
