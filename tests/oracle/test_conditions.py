import pytest

from tests.oracle.conditions import TraitIs, Value, meets

BIG, LOW = "9007199254740993", "10"


@pytest.mark.parametrize(
    ("value", "op", "values"),
    [
        ("pro", "EQUALS", ("pro",)),
        ("pro", "EQUALS", ('"pro"',)),
        (7, "EQUALS", ("7.0",)),
        (2.5, "EQUALS", ("2.50",)),
        (9007199254740993, "EQUALS", (BIG,)),
        (True, "EQUALS", ("true",)),
        (False, "IN", ("no", "false")),
        (["a", "b"], "EQUALS", ("b",)),
        (["a", "b"], "EQUALS", ('["a","b"]',)),
        ([], "EQUALS", ("[]",)),
        ("free", "IN", ("pro", "free")),
        ("free", "NOT_EQUALS", ("pro",)),
        (None, "NOT_EQUALS", ("pro",)),
        (None, "NOT_IN", ("pro", "free")),
        (["a", "b"], "NOT_IN", ("c",)),
        ("Straße", "CONTAINS", ("STRASSE",)),
        (["one", "Two"], "STARTS_WITH", ("tw",)),
        (10, "AT_LEAST", (LOW,)),
        (9, "AT_MOST", (LOW,)),
        (10.5, "BETWEEN", (LOW, "10.5")),
        ("2026-04-30", "AT_LEAST", ("2026-04-30",)),
        ("2026-04-30T23:00:00Z", "AT_MOST", ("2026-04-30",)),
        ("2026-04-30T23:00:00-05:00", "BETWEEN", ("2026-04-30", "2026-04-30")),
        ("2026-04-30T12:00:00Z", "AT_MOST", ("2026-04-30T14:00:00+02:00",)),
        ("2026-04-30", "AT_MOST", ("2026-04-30T02:00:00+02:00",)),
        ("", "IS_SET", ()),
        (False, "IS_SET", ()),
        (None, "IS_NOT_SET", ()),
    ],
)
def test_a_value_meets_a_comparison(value: Value, op: str, values: tuple[str, ...]) -> None:
    assert meets(value, TraitIs("trait", op, values))


@pytest.mark.parametrize(
    ("value", "op", "values"),
    [
        ("Pro", "EQUALS", ("pro",)),
        ("7", "EQUALS", ("7.0",)),
        (1, "EQUALS", ("true",)),
        (True, "EQUALS", ("1",)),
        (9007199254740992, "EQUALS", (BIG,)),
        (None, "EQUALS", ("null",)),
        (None, "IN", ("pro",)),
        (["a", "b"], "NOT_EQUALS", ("a",)),
        (12, "CONTAINS", ("1",)),
        (None, "CONTAINS", ("",)),
        ("10", "AT_LEAST", (LOW,)),
        (True, "AT_LEAST", ("1",)),
        (None, "AT_MOST", (LOW,)),
        (11, "BETWEEN", (LOW, "10.5")),
        ("2026-05-01T00:00:00+02:00", "AT_MOST", ("2026-04-30",)),
        ("2026-04-30T12:00:01Z", "AT_MOST", ("2026-04-30T14:00:00+02:00",)),
        ("yesterday", "AT_LEAST", ("2026-04-30",)),
        (20260430, "AT_LEAST", ("2026-04-30",)),
        (None, "IS_SET", ()),
        ("", "IS_NOT_SET", ()),
    ],
)
def test_a_value_does_not_meet_a_comparison(value: Value, op: str, values: tuple[str, ...]) -> None:
    assert not meets(value, TraitIs("trait", op, values))
