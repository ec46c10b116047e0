import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from apps.engine.sets import Holders, Members, Space
from tests.engine.drawn import LAST, ordinal_sets, ordinals

ALICE, BOB, CHARLIE = 1, 2, 3
Pair = tuple[Members, frozenset[int]]


def users(*ordinals: int) -> Members:
    return Members.of(Space.USER, ordinals)


class MembersBehaveLikePlainSets(RuleBasedStateMachine):
    pairs = Bundle("pairs")

    @rule(target=pairs, ordinals=ordinal_sets)
    def make(self, ordinals: set[int]) -> Pair:
        return Members.of(Space.USER, ordinals), frozenset(ordinals)

    @rule(target=pairs, one=pairs, other=pairs)
    def unite(self, one: Pair, other: Pair) -> Pair:
        return one[0] | other[0], one[1] | other[1]

    @rule(target=pairs, one=pairs, other=pairs)
    def intersect(self, one: Pair, other: Pair) -> Pair:
        return one[0] & other[0], one[1] & other[1]

    @rule(target=pairs, one=pairs, other=pairs)
    def subtract(self, one: Pair, other: Pair) -> Pair:
        return one[0] - other[0], one[1] - other[1]

    @rule(target=pairs, one=pairs, other=pairs)
    def differ(self, one: Pair, other: Pair) -> Pair:
        return one[0] ^ other[0], one[1] ^ other[1]

    @rule(target=pairs, some=st.lists(pairs, max_size=5))
    def unite_many(self, some: list[Pair]) -> Pair:
        united = Members.union(Space.USER, (members for members, _ in some))
        return united, frozenset().union(*(plain for _, plain in some))

    @rule(target=pairs, pair=pairs)
    def store(self, pair: Pair) -> Pair:
        return Members.load(Space.USER, pair[0].dump()), pair[1]

    @rule(pair=pairs, ordinal=ordinals)
    def read(self, pair: Pair, ordinal: int) -> None:
        members, plain = pair
        assert list(members) == sorted(plain)
        assert len(members) == len(plain)
        assert bool(members) == bool(plain)
        assert (ordinal in members) == (ordinal in plain)

    @rule(one=pairs, other=pairs)
    def compare(self, one: Pair, other: Pair) -> None:
        assert (one[0] == other[0]) == (one[1] == other[1])
        assert one[0].overlap(other[0]) == len(one[1] & other[1])

    @rule(pair=pairs)
    def dump_depends_on_the_content_alone(self, pair: Pair) -> None:
        members, plain = pair
        assert members.dump() == Members.of(Space.USER, sorted(plain)).dump()

    @rule(pair=pairs, after=st.none() | ordinals, limit=st.integers(0, 40))
    def page(self, pair: Pair, after: int | None, limit: int) -> None:
        members, plain = pair
        above = sorted(ordinal for ordinal in plain if after is None or ordinal > after)
        assert members.page(after, limit) == above[:limit]


TestMembersBehaveLikePlainSets = MembersBehaveLikePlainSets.TestCase


@given(ordinal_sets)
def test_pages_follow_each_other_through_the_whole_set(plain: set[int]) -> None:
    members = Members.of(Space.USER, plain)
    read: list[int] = []
    while page := members.page(read[-1] if read else None, 50):
        read += page
    assert read == sorted(plain)


def test_spaces_do_not_mix() -> None:
    accounts = Members.of(Space.ACCOUNT, [ALICE])
    for mix in (
        lambda: users(ALICE) | accounts,
        lambda: users(ALICE) & accounts,
        lambda: users(ALICE) - accounts,
        lambda: users(ALICE) ^ accounts,
        lambda: users(ALICE).overlap(accounts),
        lambda: Members.union(Space.USER, [users(BOB), accounts]),
    ):
        with pytest.raises(TypeError, match="cannot mix account and user ordinals"):
            mix()


def test_the_same_ordinals_in_another_space_are_another_set() -> None:
    assert users(ALICE) != Members.of(Space.ACCOUNT, [ALICE])
    assert Members.empty(Space.USER) != Members.empty(Space.ACCOUNT)


def test_members_cannot_be_changed() -> None:
    people = users(ALICE, BOB)
    with pytest.raises(AttributeError):
        people.space = Space.ACCOUNT  # type: ignore[misc]
    assert not hasattr(people.bits, "add")


@pytest.mark.parametrize("ordinal", [-1, LAST + 1])
def test_ordinals_are_uint32(ordinal: int) -> None:
    with pytest.raises(OverflowError):
        users(ordinal)


def test_the_last_ordinal_has_a_page_and_nothing_after_it() -> None:
    assert users(LAST).page(LAST - 1, 10) == [LAST]
    assert users(LAST).page(LAST, 10) == []


def test_two_ways_to_the_same_people_dump_to_the_same_bytes() -> None:
    # Here run-optimising alone gives 25 bytes one way and 24 the other.
    plain = [2, 4, 5, 6, 7]
    assert users(*plain).dump() == (users(*range(3, 8)) - users(3) | users(2)).dump()


def test_dump_is_the_portable_roaring_format() -> None:
    # Cookie, containers, (key, size - 1) of each, offsets, then the low 16 bits of the ordinals.
    arrays = "3a300000 02000000 00000100 01000000 18000000 1c000000 01000900 7011"
    assert users(ALICE, 9, 70_000).dump() == bytes.fromhex(arrays)
    # Cookie with one container, which is of runs, (key, size - 1), one run: its start and length - 1.
    assert users(*range(60_000)).dump() == bytes.fromhex("3b300000 01 00005fea 0100 00005fea")


@pytest.mark.parametrize("data", [b"", b"no roaring", users(ALICE, BOB).dump()[:-1]])
def test_what_is_no_dump_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no bytes|[Cc]ould not deserialize"):
        Members.load(Space.USER, data)


def test_members_show_their_space_and_a_few_ordinals() -> None:
    assert repr(users(*range(5, 25))) == "Members(user, 20 ordinals, first [5, 6, 7, 8, 9, 10, 11, 12, 13, 14])"


def test_a_set_takes_two_bytes_for_each_of_a_few_and_never_more_than_a_bit_for_each_who_could_be() -> None:
    few, many = Members.of(Space.USER, [1, 5, 9]), Members.of(Space.USER, range(0, 2**17, 2))
    assert (Members.empty(Space.USER).size, few.size, many.size) == (0, 6, 2**17 // 8)


SOME, OTHERS = Members.of(Space.USER, [1, 2, 3]), Members.of(Space.USER, [3, 4])
EVERYBODY = Members.of(Space.USER, range(6))


@pytest.mark.parametrize("a", [Holders(SOME), ~Holders(SOME)])
@pytest.mark.parametrize("b", [Holders(OTHERS), ~Holders(OTHERS)])
def test_whom_two_conditions_hold_of_is_found_without_knowing_whom_they_are_asked_about(
    a: Holders, b: Holders
) -> None:
    assert (a & b).within(EVERYBODY) == a.within(EVERYBODY) & b.within(EVERYBODY)
    assert (a | b).within(EVERYBODY) == a.within(EVERYBODY) | b.within(EVERYBODY)
    assert (~a).within(EVERYBODY) == EVERYBODY - a.within(EVERYBODY)


def test_whom_a_condition_holds_of_is_some_or_all_but_some() -> None:
    assert list(Holders(SOME).within(OTHERS)) == [3]
    assert list(Holders(SOME, is_rest=True).within(OTHERS)) == [4]
