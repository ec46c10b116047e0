from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import count
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from apps.engine.numbers import Numbers
from apps.engine.sets import Members, Space
from tests.engine.drawn import amounts, amounts_by_ordinal, ordinals, shares

ALICE, BOB, CHARLIE, DAVE = 1, 2, 3, 4
MINUTE = 60_000_000
Pair = tuple[Numbers, dict[int, int]]


def by_user(amounts: dict[int, int]) -> Numbers:
    return Numbers.of(Space.USER, amounts)


def users(*ordinals: int) -> Members:
    return Members.of(Space.USER, ordinals)


def added(*columns: dict[int, int]) -> dict[int, int]:
    keys = {key for column in columns for key in column}
    return {key: sum(column.get(key, 0) for column in columns) for key in keys}


def percentile(numbers: list[int], p: Fraction | Decimal) -> Fraction | None:
    """As PostgreSQL and KPIS.md G11 put it, on the numbers in order."""
    if not numbers:
        return None
    rows = [Fraction(number) for number in sorted(numbers)]
    row = Fraction(p) * (len(rows) - 1) + 1
    if row.denominator == 1:
        return rows[int(row) - 1]
    return (ceil(row) - row) * rows[floor(row) - 1] + (row - floor(row)) * rows[ceil(row) - 1]


def stored(plain: dict[int, int]) -> bytes:
    """The bytes of numbers, spelled out: unsigned, these must stay what they were when rows were written."""
    signed = any(amount < 0 for amount in plain.values())
    width = next(bits for bits in count() if all(-1 << bits <= amount < 1 << bits for amount in plain.values()))
    slices = [
        users(*(key for key, amount in plain.items() if amount >> bit & 1)).dump() for bit in range(width + signed)
    ]
    sized = (len(part).to_bytes(4, "big") + part for part in slices)
    return bytes([2 if signed else 1]) + width.to_bytes(2, "big") + b"".join(sized)


class NumbersBehaveLikePlainDicts(RuleBasedStateMachine):
    pairs = Bundle("pairs")

    @rule(target=pairs, plain=amounts_by_ordinal)
    def make(self, plain: dict[int, int]) -> Pair:
        return by_user(plain), plain

    @rule(target=pairs, one=pairs, other=pairs)
    def add(self, one: Pair, other: Pair) -> Pair:
        return one[0].add(other[0]), added(one[1], other[1])

    @rule(target=pairs, some=st.lists(pairs, min_size=1, max_size=5))
    def add_many(self, some: list[Pair]) -> Pair:
        return Numbers.total(numbers for numbers, _ in some), added(*(plain for _, plain in some))

    @rule(target=pairs, one=pairs, other=pairs)
    def subtract(self, one: Pair, other: Pair) -> Pair:
        negated = {key: -amount for key, amount in other[1].items()}
        return one[0].subtract(other[0]), added(one[1], negated)

    @rule(target=pairs, one=pairs, other=pairs)
    def least_of_both(self, one: Pair, other: Pair) -> Pair:
        both = one[1].keys() & other[1].keys()
        return one[0].min(other[0]), {key: min(one[1][key], other[1][key]) for key in both}

    @rule(target=pairs, pair=pairs, within=st.sets(ordinals))
    def restrict(self, pair: Pair, within: set[int]) -> Pair:
        return pair[0].restrict(users(*within)), {key: pair[1][key] for key in pair[1].keys() & within}

    @rule(target=pairs, pair=pairs)
    def store(self, pair: Pair) -> Pair:
        numbers, plain = pair
        return Numbers.load(Space.USER, numbers.keys, numbers.dump()), plain

    @rule(pair=pairs, ordinal=ordinals, within=st.sets(ordinals))
    def read(self, pair: Pair, ordinal: int, within: set[int]) -> None:
        numbers, plain = pair
        assert set(numbers.keys) == set(plain)
        assert numbers.get(ordinal) == plain.get(ordinal)
        assert numbers.sum() == sum(plain.values())
        assert numbers.sum(users(*within)) == sum(plain[key] for key in plain.keys() & within)

    @rule(pair=pairs, limit=amounts, shift=st.integers(-1, 1))
    def compare(self, pair: Pair, limit: int, shift: int) -> None:
        numbers, plain = pair
        for edge in {limit, *(amount + shift for amount in plain.values())}:
            assert set(numbers.at_least(edge)) == {key for key, amount in plain.items() if amount >= edge}
            assert set(numbers.less_than(edge)) == {key for key, amount in plain.items() if amount < edge}

    @rule(one=pairs, other=pairs)
    def compare_columns(self, one: Pair, other: Pair) -> None:
        both = one[1].keys() & other[1].keys()
        less = {key for key in both if one[1][key] < other[1][key]}
        assert set(one[0].less_than_column(other[0])) == less
        assert set(one[0].at_least_column(other[0])) == both - less

    @rule(pair=pairs, p=shares, within=st.sets(ordinals))
    def rank(self, pair: Pair, p: Fraction | Decimal, within: set[int]) -> None:
        numbers, plain = pair
        assert numbers.quantile(p) == percentile(list(plain.values()), p)
        some = [plain[key] for key in plain.keys() & within]
        assert numbers.quantile(p, users(*within)) == percentile(some, p)

    @rule(one=pairs, other=pairs)
    def equal_content_is_equal_and_dumps_alike(self, one: Pair, other: Pair) -> None:
        assert (one[0] == other[0]) == (one[1] == other[1])
        assert one[0] == by_user(one[1])
        assert one[0].dump() == stored(one[1])

    @rule(pair=pairs, after=st.none() | ordinals, limit=st.integers(0, 10))
    def page(self, pair: Pair, after: int | None, limit: int) -> None:
        numbers, plain = pair
        above = sorted((key, amount) for key, amount in plain.items() if after is None or key > after)
        assert numbers.items(after, limit) == above[:limit]


TestNumbersBehaveLikePlainDicts = NumbersBehaveLikePlainDicts.TestCase


def test_shares_of_two_days_add_up_by_person() -> None:
    monday = by_user({ALICE: 3, BOB: 1})
    tuesday = by_user({ALICE: 1, CHARLIE: 2})
    both = monday.add(tuesday)
    assert both.items(None, 10) == [(ALICE, 4), (BOB, 1), (CHARLIE, 2)]
    assert both.sum() == 7
    assert both.sum(users(ALICE, CHARLIE)) == 6
    assert list(both.at_least(2)) == [ALICE, CHARLIE]
    assert list(both.less_than(2)) == [BOB]


def test_numbers_beyond_64_bits_are_exact() -> None:
    micros = by_user({ALICE: 2**64 + 1, BOB: 2**64 - 1})
    assert micros.sum() == 2**65
    assert micros.add(micros).get(ALICE) == 2**65 + 2
    assert list(micros.at_least(2**64)) == [ALICE]


def test_a_number_of_zero_is_a_key_and_not_unknown() -> None:
    numbers = by_user({ALICE: 0})
    assert numbers.get(ALICE) == 0
    assert numbers.get(BOB) is None
    assert list(numbers.at_least(0)) == [ALICE]
    assert list(numbers.at_least(-5)) == [ALICE]
    assert list(numbers.less_than(1)) == [ALICE]


def test_the_median_of_four_durations_lies_between_the_middle_ones() -> None:
    durations = by_user({ALICE: 40 * MINUTE, BOB: 10 * MINUTE, CHARLIE: 100 * MINUTE, DAVE: 20 * MINUTE})
    assert durations.quantile(Fraction(1, 2)) == 30 * MINUTE
    assert durations.quantile(Fraction(3, 4)) == 55 * MINUTE
    assert durations.quantile(Decimal("0.9")) == 82 * MINUTE
    assert durations.quantile(Fraction(1, 2), users(ALICE, BOB, CHARLIE)) == 40 * MINUTE


def test_quantiles_of_0_and_1_are_the_least_and_the_most() -> None:
    numbers = by_user({ALICE: 5, BOB: -7, CHARLIE: 0})
    assert numbers.quantile(Fraction(0)) == -7
    assert numbers.quantile(Decimal(1)) == 5


def test_a_median_that_no_float_can_hold_is_exact() -> None:
    assert by_user({ALICE: 2**60, BOB: 2**60 + 1}).quantile(Fraction(1, 2)) == Fraction(2**61 + 1, 2)
    assert by_user({ALICE: 0, BOB: 10**18}).quantile(Decimal("0.333333333333333333")) == 333_333_333_333_333_333


def test_nobody_has_no_median() -> None:
    assert Numbers.empty(Space.USER).quantile(Fraction(1, 2)) is None
    assert by_user({ALICE: 3}).quantile(Fraction(1, 2), users(BOB)) is None


@pytest.mark.parametrize("p", [Fraction(-1, 10), Fraction(11, 10), Decimal(90), Decimal("NaN"), 0.5, None])
def test_a_quantile_of_no_exact_share_is_refused(p: Fraction) -> None:
    for numbers in (by_user({ALICE: 3}), Numbers.empty(Space.USER)):
        with pytest.raises(ValueError, match="Fraction or Decimal from 0 to 1, got "):
            numbers.quantile(p)


def test_a_contraction_is_a_negative_delta() -> None:
    opening = by_user({ALICE: 90, BOB: 50, CHARLIE: 20})
    closing = by_user({ALICE: 60, BOB: 80, DAVE: 10})
    delta = closing.subtract(opening)
    assert delta.items(None, 10) == [(ALICE, -30), (BOB, 30), (CHARLIE, -20), (DAVE, 10)]
    assert delta.sum() == -10
    assert delta.sum(users(ALICE, CHARLIE)) == -50
    assert list(delta.less_than(0)) == [ALICE, CHARLIE]
    assert list(delta.at_least(-20)) == [BOB, CHARLIE, DAVE]
    assert delta.quantile(Fraction(1, 2)) == -5
    assert opening.add(delta) == by_user({ALICE: 60, BOB: 80, CHARLIE: 0, DAVE: 10})


def test_what_is_kept_of_an_opening_balance_is_the_lesser_of_both() -> None:
    opening = by_user({ALICE: 90, BOB: 50, CHARLIE: 20})
    closing = by_user({ALICE: 60, BOB: 80, DAVE: 10})
    assert opening.min(closing).items(None, 10) == [(ALICE, 60), (BOB, 50)]
    assert list(opening.less_than_column(closing)) == [BOB]
    assert list(opening.at_least_column(closing)) == [ALICE]
    assert list(opening.at_least_column(opening)) == [ALICE, BOB, CHARLIE]


def test_a_difference_of_equal_numbers_takes_no_slices() -> None:
    numbers = by_user({ALICE: 2**40, BOB: -(2**40)})
    assert numbers.subtract(numbers) == by_user({ALICE: 0, BOB: 0})
    assert not numbers.subtract(numbers).slices


def test_numbers_are_stored_as_they_ever_were() -> None:
    # Format, slices; each slice's length and roaring bitmap: bit 0 of Alice and Bob, bit 1 of Alice.
    first = "00000014 3a300000 01000000 00000100 10000000 01000200"
    second = "00000012 3a300000 01000000 00000000 10000000 0100"
    assert by_user({ALICE: 3, BOB: 1, CHARLIE: 0}).dump() == bytes.fromhex(f"01 0002 {first} {second}")


def test_a_negative_number_is_stored_with_one_slice_more() -> None:
    # -2 is ...1110: no bit 0, and a 1 in every other; Bob's 1 has nothing but bit 0.
    bob = "00000012 3a300000 01000000 00000000 10000000 0200"
    alice = "00000012 3a300000 01000000 00000000 10000000 0100"
    numbers = by_user({ALICE: -2, BOB: 1})
    assert numbers.dump() == bytes.fromhex(f"02 0001 {bob} {alice}")
    assert Numbers.load(Space.USER, numbers.keys, numbers.dump()) == numbers


def test_spaces_do_not_mix() -> None:
    accounts = Numbers.of(Space.ACCOUNT, {ALICE: 1})
    mixes: list[Callable[[], object]] = [
        lambda: by_user({ALICE: 1}).add(accounts),
        lambda: by_user({ALICE: 1}).subtract(accounts),
        lambda: by_user({ALICE: 1}).min(accounts),
        lambda: by_user({ALICE: 1}).less_than_column(accounts),
        lambda: by_user({ALICE: 1}).at_least_column(accounts),
        lambda: by_user({ALICE: 1}).sum(accounts.keys),
        lambda: by_user({ALICE: 1}).quantile(Fraction(1), accounts.keys),
        lambda: by_user({ALICE: 1}).restrict(accounts.keys),
        lambda: Numbers.load(Space.USER, accounts.keys, accounts.dump()),
    ]
    for mix in mixes:
        with pytest.raises(TypeError, match=r"cannot (mix|key)"):
            mix()


def test_empty_numbers_have_no_keys_and_sum_to_zero() -> None:
    nothing = Numbers.empty(Space.USER)
    assert not nothing.keys
    assert nothing.sum() == 0
    assert nothing.dump() == b"\x01\x00\x00"
    assert nothing == by_user({})


@given(amounts_by_ordinal, st.data())
def test_a_cut_dump_is_refused(plain: dict[int, int], data: st.DataObject) -> None:
    numbers = by_user(plain)
    dump = numbers.dump()
    cut = data.draw(st.integers(0, len(dump) - 1))
    with pytest.raises(ValueError, match=r"format byte|truncated"):
        Numbers.load(Space.USER, numbers.keys, dump[:cut])


def test_a_dump_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format byte"):
        Numbers.load(Space.USER, users(ALICE), b"\x03\x00\x00")


def test_a_signed_dump_that_says_not_who_is_negative_is_refused() -> None:
    with pytest.raises(ValueError, match="truncated"):
        Numbers.load(Space.USER, users(ALICE), b"\x02\x00\x00")
