import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from apps.engine.numbers import Numbers
from apps.engine.sets import Members, Space
from tests.engine.drawn import amounts, amounts_by_ordinal, ordinals

ALICE, BOB, CHARLIE = 1, 2, 3
Pair = tuple[Numbers, dict[int, int]]


def by_user(amounts: dict[int, int]) -> Numbers:
    return Numbers.of(Space.USER, amounts)


def users(*ordinals: int) -> Members:
    return Members.of(Space.USER, ordinals)


def added(*columns: dict[int, int]) -> dict[int, int]:
    keys = {key for column in columns for key in column}
    return {key: sum(column.get(key, 0) for column in columns) for key in keys}


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
    def equal_content_is_equal_and_dumps_alike(self, one: Pair, other: Pair) -> None:
        assert (one[0] == other[0]) == (one[1] == other[1])
        assert one[0].dump() == by_user(one[1]).dump()

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


@pytest.mark.parametrize("plain", [{ALICE: -1}, {ALICE: 7, BOB: -3}])
def test_negative_numbers_are_refused(plain: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="non-negative, got -"):
        by_user(plain)


def test_spaces_do_not_mix() -> None:
    accounts = Numbers.of(Space.ACCOUNT, {ALICE: 1})
    for mix in (
        lambda: by_user({ALICE: 1}).add(accounts),
        lambda: by_user({ALICE: 1}).sum(accounts.keys),
        lambda: by_user({ALICE: 1}).restrict(accounts.keys),
        lambda: Numbers.load(Space.USER, accounts.keys, accounts.dump()),
    ):
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
        Numbers.load(Space.USER, users(ALICE), b"\x02")
