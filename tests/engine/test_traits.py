import pytest

from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.refusals import ConditionError
from apps.engine.traits import check, meets


def told(op: str, values: tuple[str, ...], value: str) -> bool:
    return meets(TraitIs("trait", TraitOp(op), values))(value)


@pytest.mark.parametrize(
    ("given", "value", "expected"),
    [
        ("pro", '"pro"', True),
        ("pro", '"Pro"', False),
        ('"pro"', '"pro"', True),
        ("pro", '["free","pro"]', True),
        ('"pro"', '["free","pro"]', False),
        ('["free","pro"]', '["free","pro"]', True),
        ('["free", "pro"]', '["free","pro"]', True),
        ('["pro","free"]', '["free","pro"]', False),
        ("25", "25", True),
        ("25.0", "25", True),
        ("2.5e1", "25", True),
        ("+25", "25", True),
        ("25", '"25"', True),
        ("25.0", '"25"', False),
        ("0.1", "0.10", True),
        ("0.1", "0.1000000000000000000001", False),
        ("true", "true", True),
        ("1", "true", False),
        ("true", "1", False),
        ("true", '"true"', True),
        ("True", "true", False),
        ("2", "[1,2]", True),
        ("true", "[1]", False),
        ("[true]", "[1]", False),
        ('{"a":1}', '{"a":1.0}', True),
        ("NaN", "1", False),
        ("Infinity", "1", False),
        ("[" * 1000, "[]", False),
    ],
)
def test_a_value_equals_a_text_as_its_kind_would(given: str, value: str, expected: bool) -> None:
    assert told("EQUALS", (given,), value) is expected
    assert told("IN", ("something else", given), value) is expected


@pytest.mark.parametrize(
    ("op", "given", "value", "expected"),
    [
        ("CONTAINS", "SHOP", '"Workshop GmbH"', True),
        ("CONTAINS", "straße", '"HAUPTSTRASSE 1"', True),
        ("CONTAINS", "5", "25", False),
        ("CONTAINS", "eng", '["Design","Engineering"]', True),
        ("STARTS_WITH", "work", '"Workshop GmbH"', True),
        ("STARTS_WITH", "shop", '"Workshop GmbH"', False),
        ("STARTS_WITH", "tr", "true", False),
        ("STARTS_WITH", "eng", '["Design",7,"Engineering"]', True),
    ],
)
def test_texts_are_found_whatever_their_case(op: str, given: str, value: str, expected: bool) -> None:
    assert told(op, (given,), value) is expected


@pytest.mark.parametrize(
    ("op", "given", "value", "expected"),
    [
        ("AT_LEAST", ("50",), "50", True),
        ("AT_LEAST", ("50",), "49.999", False),
        ("AT_LEAST", ("50",), '"500"', False),
        ("AT_LEAST", ("0",), "true", False),
        ("AT_LEAST", ("0",), "[1]", False),
        ("AT_MOST", ("50",), "50.0", True),
        ("AT_MOST", ("50",), "1e2", False),
        ("BETWEEN", ("5", "50"), "5", True),
        ("BETWEEN", ("5", "50"), "50", True),
        ("BETWEEN", ("5", "50"), "51", False),
        ("AT_LEAST", ("2026-04-30",), '"2026-04-30"', True),
        ("AT_LEAST", ("2026-04-30",), '"2026-04-29T23:59:59Z"', False),
        ("AT_MOST", ("2026-04-30",), '"2026-04-30T23:59:59-08:00"', True),
        ("AT_MOST", ("2026-04-30",), '"last April"', False),
        ("AT_MOST", ("2026-04-30",), "20260430", False),
        ("AT_LEAST", ("2026-04-30T00:00:00Z",), '"2026-04-30"', True),
        ("AT_LEAST", ("2026-04-30T00:00:00Z",), '"2026-04-30T01:00:00+02:00"', False),
        ("AT_LEAST", ("2026-04-30T00:00:00Z",), '"2026-04-30T12:00:00"', False),
        ("BETWEEN", ("2026-04-30", "2026-04-30T12:00:00Z"), '"2026-04-30T13:00:00+01:00"', True),
        ("BETWEEN", ("2026-04-30", "2026-04-30T12:00:00Z"), '"2026-04-30T13:00:01+01:00"', False),
    ],
)
def test_numbers_days_and_instants_compare_with_their_like(
    op: str, given: tuple[str, ...], value: str, expected: bool
) -> None:
    assert told(op, given, value) is expected


@pytest.mark.parametrize("value", ['""', "0", "false", "[]"])
def test_whatever_is_not_null_is_set(value: str) -> None:
    assert told("IS_SET", (), value)


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("AT_LEAST", ("many",)),
        ("AT_MOST", ("NaN",)),
        ("AT_MOST", ("Infinity",)),
        ("AT_LEAST", ("2026-02-30",)),
        ("AT_LEAST", ("2026-04-30T12:00:00",)),
        ("BETWEEN", ("5", "2026-04-30")),
        ("BETWEEN", ("50", "5")),
        ("BETWEEN", ("2026-05-01", "2026-04-30")),
    ],
)
def test_bounds_that_mean_nothing_are_refused(op: str, values: tuple[str, ...]) -> None:
    with pytest.raises(ConditionError) as refused:
        check(TraitIs("trait", TraitOp(op), values))
    assert (refused.value.code, refused.value.field) == ("BAD_CONDITION", "values")


@pytest.mark.parametrize("op", TraitOp)
def test_every_comparison_can_be_checked(op: TraitOp) -> None:
    check(TraitIs("trait", op, ("5", "50") if op is TraitOp.BETWEEN else ("5",)))
