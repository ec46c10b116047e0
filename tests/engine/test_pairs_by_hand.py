"""Random questions by two dimensions about random worlds, against cases judged one by one."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.engine.evaluate import Evaluator
from apps.engine.expressions import Question
from apps.engine.parts import ByBoth, ByCondition, ByTrait, Dimension, EventFacet, PartKind, place
from apps.engine.sources import breakdown_needs
from tests.engine.brute import KPIS, SERIES, BruteFacts
from tests.engine.by_hand import SIDES, ByHand
from tests.engine.pairs import CARRIED, Pairs
from tests.engine.test_by_hand import Loaded, evenly, told
from tests.engine.worlds import VALUES, conditions, questions, slugs, worlds

facets = st.sampled_from(("share_type", "channel", "share_scope", "platform")).map(EventFacet)
traits = st.sampled_from(sorted(VALUES)).map(ByTrait)
named = st.builds(
    lambda held: ByCondition({str(n): condition for n, condition in enumerate(held)}),
    st.lists(conditions, min_size=1, max_size=3),
)
dimensions = facets | traits | named


def check(facts: BruteFacts, slug: str, question: Question, by: ByBoth, first: int) -> None:
    kpi = KPIS[slug]
    evaluator = Evaluator(Loaded.of(facts, breakdown_needs(kpi, question, by, SERIES)))
    rows = evaluator.breakdown(kpi, question, by, first)
    said = [(place(part), told(answer)) for part, answer in rows]
    expected = Pairs(ByHand(facts, slug, question), by).rows(first)
    assert said == [(pair, evenly(sides)) for pair, sides in expected]
    for part, answer in rows[:2]:
        if part.kind is not PartKind.OTHER:
            alone = Evaluator(facts).part(kpi, question, by, part)
            assert (told(alone), alone.value) == (told(answer), answer.value)


def applies(dimension: Dimension, slug: str) -> bool:
    carried = {facet for side in SIDES[slug] for facet in CARRIED.get(side, ())}
    return not isinstance(dimension, EventFacet) or dimension.name in {"share_type", "channel", *carried}


@settings(max_examples=80)
@given(worlds, slugs, questions, st.tuples(dimensions, dimensions), st.integers(0, 6))
def test_each_pair_is_that_of_cases_judged_one_by_one(
    facts: BruteFacts, slug: str, question: Question, by: tuple[Dimension, Dimension], first: int
) -> None:
    one, other = by
    assume(one != other and applies(one, slug) and applies(other, slug))
    check(facts, slug, question, ByBoth(one, other), first)


@settings(max_examples=50)
@given(
    worlds,
    st.sampled_from(
        ("product_sharing_rate_by_session", "total_sessions", "share_actions", "product_sharing_rate")
    ),
    questions,
    st.tuples(facets, dimensions),
    st.integers(0, 6),
)
def test_an_event_that_is_in_several_of_the_other_pairs_counts_once(
    facts: BruteFacts, slug: str, question: Question, by: tuple[Dimension, Dimension], first: int
) -> None:
    one, other = by
    assume(one != other and applies(one, slug) and applies(other, slug))
    check(facts, slug, question, ByBoth(one, other), first)
    check(facts, slug, question, ByBoth(other, one), first)
