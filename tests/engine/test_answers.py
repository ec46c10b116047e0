from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.answers import Answer, Side, quotient, remainder
from apps.engine.numbers import Numbers
from apps.engine.periods import parse_month
from apps.engine.sets import Members, Space

ALICE, BOB, CHARLIE = 1, 2, 3
APRIL = parse_month("2026-04", "UTC")


def users(*ordinals: int) -> Members:
    return Members.of(Space.USER, ordinals)


def side(*ordinals: int) -> Side:
    return Side.of_members(users(*ordinals))


@pytest.mark.parametrize(
    ("numerator", "denominator", "scale", "text"),
    [
        (1_620, 6_000, 100, "27"),
        (180, 800, 100, "22.5"),
        (1, 3, 100, "33.333333"),
        (2, 3, 100, "66.666667"),
        (1, 3, 1, "0.333333"),
        (0, 7, 100, "0"),
        (7, 7, 100, "100"),
        # Exactly half a millionth more: to the even neighbour, whichever side it is on.
        (1, 200_000_000, 100, "0"),
        (3, 200_000_000, 100, "0.000002"),
        (5, 200_000_000, 100, "0.000002"),
        (-1, 3, 100, "-33.333333"),
        (10**40 + 1, 10**6, 1, "10000000000000000000000000000000000.000001"),
        (Decimal("0.1"), Decimal("0.3"), 100, "33.333333"),
    ],
)
def test_a_quotient_is_rounded_once_and_shows_no_idle_zeros(
    numerator: int | Decimal, denominator: int | Decimal, scale: int, text: str
) -> None:
    assert str(quotient(numerator, denominator, scale)) == text


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_quotient_is_within_half_a_millionth(numerator: int, denominator: int) -> None:
    value = quotient(numerator, denominator)
    assert value is not None
    millionths = int(value * 10**6)
    assert 2 * abs(millionths * denominator - numerator * 10**8) <= denominator


def test_over_nothing_a_quotient_is_undefined() -> None:
    assert quotient(0, 0) is None
    assert quotient(5, 0) is None


def test_the_remainder_is_in_the_denominator_and_not_in_the_numerator() -> None:
    answer = Answer(None, side(ALICE), side(ALICE, BOB, CHARLIE), APRIL)
    assert list(remainder(answer)) == [BOB, CHARLIE]


def test_a_number_alone_has_no_remainder() -> None:
    with pytest.raises(ValueError, match="without a denominator"):
        remainder(Answer(Decimal(1), side(ALICE), None, APRIL))


def test_a_count_has_no_remainder() -> None:
    count = Side.of_columns(Space.USER, [(Numbers.of(Space.USER, {ALICE: 3}), users(ALICE))])
    with pytest.raises(ValueError, match="contributors with amounts"):
        remainder(Answer(None, count, side(ALICE), APRIL))


def test_contributors_add_up_over_columns_for_those_of_each_who_count() -> None:
    monday, tuesday = (Numbers.of(Space.USER, done) for done in ({ALICE: 3, BOB: 1}, {ALICE: 1, CHARLIE: 2}))
    side = Side.of_columns(Space.USER, [(monday, users(ALICE, BOB)), (tuesday, users(ALICE))])
    assert side.amount == 5
    assert side.contributors().items(None, 10) == [(ALICE, 4), (BOB, 1)]
    assert list(side.everybody()) == [ALICE, BOB]


def test_nobody_contributed_to_an_empty_count() -> None:
    nothing = Side.of_columns(Space.ACCOUNT, [])
    assert (nothing.amount, nothing.contributors()) == (0, Numbers.empty(Space.ACCOUNT))


def test_everybody_in_a_set_is_its_members() -> None:
    assert side(ALICE, BOB).everybody() == users(ALICE, BOB)


def test_an_answer_keeps_its_period() -> None:
    assert Answer(None, side(), None, APRIL).period.start == datetime(2026, 4, 1, tzinfo=UTC)
