"""Questions by two dimensions are what they promise, and what the oracle says to them fits what else it says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, partial

import pytest

from tests.oracle.breakdown import Key, Keys, Split, breakdown, keys_of
from tests.oracle.counting import DIMENSIONS, KPIS, OF_LINKS, carried
from tests.oracle.oracle import Answer, Home, Oracle
from tests.oracle.pairings import BY_SESSION, OF_GROUPS, pairings
from tests.oracle.pairs import OTHERS, Pair, pairs
from tests.oracle.questions import AS_OF, Question
from tests.oracle.test_generators import NOW, SEEDS, drawn, taken

FEW, MORE = SEEDS[:12], SEEDS[:60]
ALL = 10**6


@cache
def oracle(seed: int) -> Oracle:
    one = drawn(seed)
    return Oracle(taken(seed)[0], Home(one.zone, one.activity, one.profiles))


def halves(seed: int, question: Question, first: int = ALL) -> tuple[Split, Split]:
    saved = {one.slug: one.condition for one in drawn(seed).saved}
    return Split(str(question.by), first, saved), Split(str(question.then_by), first, saved)


@cache
def answered(seed: int, question: Question, first: int = ALL) -> Mapping[Pair, Answer]:
    return pairs(oracle(seed), question.asked, *halves(seed, question, first))


def asked() -> Iterator[tuple[int, Question]]:
    return ((seed, question) for seed in FEW for question in pairings(drawn(seed), NOW))


def both_of(one: tuple[Keys, Key], other: tuple[Keys, Key], who: str, day: date) -> bool:
    """Whether somebody is in a part by each of two dimensions, as of one day."""
    return all(key in keys(who, day) for keys, key in (one, other))


def kind(dimension: str) -> str:
    if dimension in DIMENSIONS:
        return "field"
    return dimension if dimension in OF_GROUPS else "trait"


def amount(answer: Answer) -> int:
    return sum(answer.numerator.values())


@pytest.mark.parametrize("seed", FEW)
def test_a_stream_is_asked_by_two_different_dimensions(seed: int) -> None:
    found = pairings(drawn(seed), NOW)
    assert found == pairings(drawn(seed), NOW)
    assert len(found) == sum(one.by != one.then_by for one in found) == 11


def test_the_streams_are_asked_by_every_two_kinds_of_dimension_in_either_order() -> None:
    found = [one for seed in MORE for one in pairings(drawn(seed), NOW)]
    kinds = Counter((kind(str(one.by)), kind(str(one.then_by))) for one in found)
    every = ("field", "trait", *OF_GROUPS)
    assert min(kinds[one, other] for one in every for other in every if one != other or one not in OF_GROUPS) >= 10
    assert {one.asked.kpi for one in found} == set(KPIS)
    assert {one.asked.as_of for one in found} == set(AS_OF)
    assert {one.asked.zone == drawn(seed).zone for seed in MORE for one in pairings(drawn(seed), NOW)} == {
        True,
        False,
    }
    for kpi in (BY_SESSION, *OF_LINKS):
        fields = {
            DIMENSIONS[by]
            for one in found
            if one.asked.kpi == kpi
            for by in (str(one.by), str(one.then_by))
            if by in DIMENSIONS
        }
        assert fields >= carried(kpi)


def test_the_streams_have_others_beyond_the_first_and_what_counts_in_several_of_them() -> None:
    found = [(seed, one, answered(seed, one, one.first)) for seed, one in asked()]
    rest = [(seed, one, rows) for seed, one, rows in found if OTHERS in rows]
    assert len(rest) >= 60
    overlapping = [
        one
        for seed, one, rows in rest
        if amount(rows[OTHERS]) < sum(amount(row) for pair, row in answered(seed, one).items() if pair not in rows)
    ]
    kinds = {frozenset((kind(str(one.by)), kind(str(one.then_by)))) for one in overlapping}
    assert len(overlapping) >= 20
    assert kinds >= {frozenset({"field"}), frozenset(OF_GROUPS)}
    assert sum(any(not amount(row) for row in rows.values()) for _, _, rows in found) >= 10


def test_a_pair_is_the_part_by_one_dimension_of_the_question_that_the_other_restricts() -> None:
    checked = 0
    for seed, question in asked():
        split, then = halves(seed, question)
        if split.by not in DIMENSIONS:
            continue
        for (key, other), answer in answered(seed, question).items():
            restricted = question.asked.only(DIMENSIONS[split.by], {key})
            alone = breakdown(oracle(seed), restricted, then)
            checked += other in alone
            assert alone.get(other, answer) == answer
    assert checked >= 200


def test_by_what_people_are_a_pair_is_whoever_is_in_both_parts_at_once() -> None:
    for seed, question in asked():
        split, then = halves(seed, question)
        if {split.by, then.by} & DIMENSIONS.keys():
            continue
        of, of_other = (keys_of(oracle(seed), question.asked, half) for half in (split, then))
        for (key, other), answer in answered(seed, question).items():
            within = partial(both_of, (of, key), (of_other, other))
            assert oracle(seed).answer(question.asked, within) == answer


def test_without_first_ones_the_others_are_all_that_is_asked_for_where_people_are_parted_by_traits() -> None:
    for seed, question in asked():
        if kind(str(question.by)) == kind(str(question.then_by)) == "trait" and answered(seed, question):
            whole = oracle(seed).answer(question.asked)
            assert answered(seed, question, 0) == {OTHERS: whole}
            assert question.asked.as_of or sum(map(amount, answered(seed, question).values())) == amount(whole)


def test_which_dimension_comes_first_says_nothing_but_in_which_order_the_pairs_come() -> None:
    for seed, question in asked():
        split, then = halves(seed, question)
        turned = pairs(oracle(seed), question.asked, then, split)
        assert {(key, other): answer for (other, key), answer in turned.items()} == answered(seed, question)
