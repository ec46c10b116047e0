"""Random questions about random worlds, against people and accounts judged one by one."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.answers import Answer, Side
from apps.engine.conditions import AsOf, Condition
from apps.engine.evaluate import Evaluator, evaluate
from apps.engine.expressions import OTHER, AnyNeed, DidNeed, EntryNeed, Need, Question, StateNeed
from apps.engine.numbers import Numbers
from apps.engine.parts import THE_OTHERS, By, ByCondition, ByTrait, Part, PartKind
from apps.engine.sets import Members, Space
from apps.engine.sources import breakdown_needs, needs
from tests.engine import by_hand
from tests.engine.brute import KPIS, SERIES, BruteFacts
from tests.engine.by_hand import ByHand, Case
from tests.engine.worlds import VALUES, conditions, questions, slugs, worlds

AnyNeedT = TypeVar("AnyNeedT", bound=AnyNeed)
MANY = 1_000
SETS = sorted({"total_active_users", "total_icp_users_active", "identified_icp_users", "new_accounts", "signups"})


@dataclass(frozen=True)
class Loaded(BruteFacts):
    """Facts that know nothing but what they were asked to load."""

    loaded: frozenset[AnyNeed] = frozenset()

    @classmethod
    def of(cls, facts: BruteFacts, loaded: Collection[AnyNeed]) -> "Loaded":
        told = {field.name: getattr(facts, field.name) for field in fields(BruteFacts)}
        return cls(**told, loaded=frozenset(loaded))

    def members(self, need: Need) -> Members:
        return super().members(self._held(need))

    def columns(self, need: Need) -> list[Numbers]:
        return super().columns(self._held(need))

    def state(self, need: StateNeed) -> dict[str, Members]:
        return super().state(self._held(need))

    def entered(self, need: EntryNeed) -> dict[date, Members]:
        return super().entered(self._held(need))

    def did(self, need: DidNeed) -> dict[date, Numbers]:
        return super().did(self._held(need))

    def _held(self, need: AnyNeedT) -> AnyNeedT:
        assert need in self.loaded
        return need


def amounts(side: Side) -> dict[int, int]:
    """Who made up a side, and how often."""
    if side.members is not None:
        return dict.fromkeys(side.members, 1)
    return dict(side.contributors().items(None, MANY))


def told(answer: Answer) -> list[dict[int, int]]:
    return [amounts(side) for side in (answer.numerator, answer.denominator) if side]


def evenly(sides: list[Counter[int]]) -> list[dict[int, int]]:
    return [dict(side) for side in sides]


@settings(max_examples=200)
@given(worlds, slugs, questions)
def test_an_answer_is_that_of_people_judged_one_by_one(facts: BruteFacts, slug: str, question: Question) -> None:
    kpi = KPIS[slug]
    answer = evaluate(kpi, question, Loaded.of(facts, needs(kpi, question, SERIES)))
    assert told(answer) == evenly(ByHand(facts, slug, question).sides())


def trait_part(facts: BruteFacts, name: str, part: Part) -> by_hand.Part:
    """Whether somebody is in a part by a trait."""

    def is_in(case: Case) -> bool:
        if case.space is Space.USER and case.who in facts.gone:
            return part.kind is PartKind.ERASED
        value = facts.held(f"{case.space}:trait:{name}", case.who, case.day)
        return part.kind is not PartKind.ERASED and part.key == (OTHER if value in facts.lumped else value)

    return is_in


def condition_part(hand: ByHand, named: Mapping[str, Condition], part: Part) -> by_hand.Part:
    """Whether somebody is in a part by conditions."""

    def is_in(case: Case) -> bool:
        held = {key for key, one in named.items() if hand.holds(one, case.who, case.space, case.day)}
        return part.key in held if held else part.key is None

    return is_in


def split(facts: BruteFacts, slug: str, question: Question, by: By, first: int = MANY) -> dict[Part, Answer]:
    kpi = KPIS[slug]
    evaluator = Evaluator(Loaded.of(facts, breakdown_needs(kpi, question, by, SERIES)))
    rows = dict(evaluator.breakdown(kpi, question, by, first))
    for part in rows.keys() - {THE_OTHERS}:
        assert told(evaluator.part(kpi, question, by, part)) == told(rows[part])
    return rows


@settings(max_examples=80)
@given(worlds, slugs, questions, st.sampled_from(sorted(VALUES)))
def test_each_part_by_a_trait_is_that_of_people_judged_one_by_one(
    facts: BruteFacts, slug: str, question: Question, name: str
) -> None:
    hand = ByHand(facts, slug, question)
    for part, answer in split(facts, slug, question, ByTrait(name)).items():
        assert told(answer) == evenly(hand.sides(trait_part(facts, name, part))), part


@settings(max_examples=80)
@given(worlds, slugs, questions, st.lists(conditions, min_size=1, max_size=3))
def test_each_part_by_conditions_is_that_of_people_judged_one_by_one(
    facts: BruteFacts, slug: str, question: Question, some: list[Condition]
) -> None:
    hand, named = ByHand(facts, slug, question), {str(n): condition for n, condition in enumerate(some)}
    for part, answer in split(facts, slug, question, ByCondition(named)).items():
        assert told(answer) == evenly(hand.sides(condition_part(hand, named, part))), part


@settings(max_examples=80)
@given(worlds, st.sampled_from(SETS), questions, st.sampled_from(sorted(VALUES)))
def test_the_parts_by_a_trait_add_up_to_the_whole(
    facts: BruteFacts, slug: str, question: Question, name: str
) -> None:
    parts = split(facts, slug, question, ByTrait(name)).values()
    whole = evaluate(KPIS[slug], question, facts).numerator
    if question.as_of is not AsOf.EVENT_DAY:
        assert sum(part.numerator.amount for part in parts) == whole.amount
    everybody = Members.union(whole.space, [part.numerator.everybody() for part in parts])
    assert everybody == whole.everybody()


@settings(max_examples=60)
@given(worlds, slugs, questions, st.lists(conditions, min_size=2, max_size=4), st.integers(0, 2))
def test_the_others_are_everybody_in_a_part_that_is_not_shown(
    facts: BruteFacts, slug: str, question: Question, some: list[Condition], first: int
) -> None:
    by = ByCondition({str(n): condition for n, condition in enumerate(some)})
    whole = list(split(facts, slug, question, by).items())
    shown = list(split(facts, slug, question, by, first).items())
    assert shown[:first] == whole[:first]
    hidden = [answer.denominator or answer.numerator for _, answer in whole[first:]]
    if hidden:
        ((part, others),) = shown[first:]
        together = Members.union(others.numerator.space, [side.everybody() for side in hidden])
        assert part.kind is PartKind.OTHER
        assert (others.denominator or others.numerator).everybody() == together
