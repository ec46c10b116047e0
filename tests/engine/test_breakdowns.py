"""The parts of an answer, by what events say of themselves and by what people and accounts are like."""

from dataclasses import replace

from apps.engine.breakdowns import Row
from apps.engine.conditions import AsOf, InIcp
from apps.engine.definitions import Distinct, Kpi, Ratio, where
from apps.engine.evaluate import Evaluator
from apps.engine.expressions import Question
from apps.engine.parts import ERASED, THE_OTHERS, UNKNOWN, By, ByCondition, ByTrait, EventFacet, Part
from apps.engine.sets import Space
from tests.engine.asking import APRIL, LATER, PRO, april, asked, on
from tests.engine.brute import (
    ALICE,
    BOB,
    CHARLIE,
    DANA,
    ERIN,
    HOOLI,
    INITECH,
    KPIS,
    BruteFacts,
    Event,
    Stay,
    member,
    plan,
    share,
)


def split(kpi: Kpi, by: str, facts: BruteFacts, question: Question | None = None) -> list[Row]:
    return Evaluator(facts).breakdown(kpi, question or Question(APRIL, LATER), EventFacet(by), 20)


def rows(slug: str, by: str, facts: BruteFacts, question: Question) -> list[tuple[str | None, str]]:
    return [(part.key, str(answer.value)) for part, answer in split(KPIS[slug], by, facts, question)]


STREAM = BruteFacts(
    [
        share(ALICE, on(1), "link", channel="email"),
        share(ALICE, on(2), "invite"),
        share(BOB, on(2), "link", channel="in_app"),
        share(CHARLIE, on(3), "export", "content"),
        share(ERIN, on(3), "embed"),
        Event(DANA, on(4)),
    ],
    colleagues=frozenset({ERIN}),
)


def test_a_breakdown_splits_the_numerator_and_puts_the_unknown_last_among_equals() -> None:
    question = Question(APRIL, LATER)
    assert rows("product_sharing_rate", "share_type", STREAM, question) == [("link", "50"), ("invite", "25")]
    assert rows("product_sharing_rate", "channel", STREAM, question) == [
        ("email", "25"),
        ("in_app", "25"),
        (None, "25"),
    ]
    assert rows("share_actions", "share_type", STREAM, question) == [("link", "2"), ("invite", "1")]


def test_a_breakdown_of_active_users_is_by_the_shares_they_made() -> None:
    question = Question(APRIL, LATER)
    assert rows("total_active_users", "share_type", STREAM, question) == [
        ("link", "2"),
        ("export", "1"),
        ("invite", "1"),
    ]


def test_a_breakdown_of_a_restricted_question_stays_restricted() -> None:
    links = Question(APRIL, LATER, limits=where({"share_type": {"link"}}))
    assert rows("users_who_shared", "share_type", STREAM, links) == [("link", "2")]
    assert rows("users_who_shared", "channel", STREAM, links) == [("email", "1"), ("in_app", "1")]
    assert rows("total_active_users", "channel", STREAM, links) == [("email", "1"), ("in_app", "1")]


def test_a_facet_of_both_operands_splits_both() -> None:
    emailed = Distinct(Space.USER, "share.created", where({"channel": ["email"]}))
    anyhow = Distinct(Space.USER, "share.created")
    kpi = Kpi("emailed", 1, Ratio(emailed, anyhow, subset=True))
    assert [(part.key, str(answer.value)) for part, answer in split(kpi, "share_type", STREAM)] == [
        ("link", "50"),
        ("export", "0"),
        ("invite", "0"),
    ]


def test_a_value_whose_people_were_all_dropped_stays_a_row() -> None:
    facets = {"share_scope": "product", "share_type": "link"}
    silent = Event(BOB, on(2), "share.created", is_activity=False, facets=facets)
    facts = BruteFacts([Event(ALICE, on(1)), silent])
    ((part, answer),) = split(KPIS["product_sharing_rate"], "share_type", facts)
    assert (part.key, answer.numerator.amount, answer.dropped_numerator) == ("link", 0, 1)


def test_beyond_the_first_values_the_others_are_one_row_that_counts_everybody_once() -> None:
    emailed = [share(ALICE, on(1), "link", channel="email"), share(BOB, on(1), "link", channel="email")]
    others = [share(ALICE, on(2), channel="in_app"), share(ALICE, on(3)), share(CHARLIE, on(3))]
    facts = BruteFacts([*emailed, *others, Event(DANA, on(4))])
    split = Evaluator(facts).breakdown(
        KPIS["product_sharing_rate"], Question(APRIL, LATER), EventFacet("channel"), 1
    )
    assert [(part, str(answer.value)) for part, answer in split] == [(Part("email"), "50"), (THE_OTHERS, "50")]


def parts(slug: str, by: By, facts: BruteFacts, question: Question | None = None, first: int = 20) -> list[object]:
    """Each part with who is in the denominator, or the numerator where there is none."""
    found = Evaluator(facts).breakdown(KPIS[slug], question or asked(None), by, first)
    return [(part, list((answer.denominator or answer.numerator).everybody())) for part, answer in found]


FIVE = BruteFacts(
    [share(ALICE, on(1)), share(BOB, on(1)), Event(CHARLIE, on(1)), Event(DANA, on(1)), Event(ERIN, on(1))],
    stays=[
        plan(ALICE, "pro", april(1)),
        plan(BOB, "free", april(1)),
        plan(CHARLIE, "free", april(1)),
        plan(ERIN, "gone", april(1)),
    ],
    gone=frozenset({ERIN}),
)
FREE, PRO_PART = Part('"free"'), Part('"pro"')


def test_by_a_trait_everybody_is_in_one_part_and_both_sides_are_split() -> None:
    assert parts("product_sharing_rate", ByTrait("plan"), FIVE) == [
        (FREE, [BOB, CHARLIE]),
        (PRO_PART, [ALICE]),
        (ERASED, [ERIN]),
        (UNKNOWN, [DANA]),
    ]
    (_, free), *_ = Evaluator(FIVE).breakdown(KPIS["product_sharing_rate"], asked(None), ByTrait("plan"), 20)
    assert str(free.value) == "50"


def test_a_list_is_one_value() -> None:
    roles = [Stay("user:trait:roles", ALICE, april(1), None, '["admin","author"]')]
    facts = replace(FIVE, stays=roles)
    assert parts("users_who_shared", ByTrait("roles"), facts) == [
        (Part('["admin","author"]'), [ALICE]),
        (UNKNOWN, [BOB]),
    ]


def test_parts_are_judged_by_the_day_that_the_answer_is() -> None:
    facts = replace(FIVE, stays=[plan(ALICE, "free", april(1), april(9)), plan(ALICE, "pro", april(9))])
    only = replace(facts, events=[share(ALICE, on(1)), share(ALICE, on(9))])
    assert parts("users_who_shared", ByTrait("plan"), only) == [(PRO_PART, [ALICE])]
    by_day = asked(None, AsOf.EVENT_DAY)
    assert parts("users_who_shared", ByTrait("plan"), only, by_day) == [(FREE, [ALICE]), (PRO_PART, [ALICE])]
    assert parts("share_actions", ByTrait("plan"), only) == [(FREE, [ALICE]), (PRO_PART, [ALICE])]


def test_a_part_is_of_the_question_as_it_is_restricted() -> None:
    assert parts("total_active_users", ByTrait("plan"), FIVE, asked(PRO)) == [(PRO_PART, [ALICE])]


def test_beyond_the_first_parts_the_others_are_one_with_unknown_and_erased() -> None:
    assert parts("total_active_users", ByTrait("plan"), FIVE, first=1) == [
        (FREE, [BOB, CHARLIE]),
        (THE_OTHERS, [ALICE, DANA, ERIN]),
    ]


def test_values_that_are_not_told_apart_are_among_the_others() -> None:
    facts = replace(FIVE, lumped=frozenset({'"free"'}))
    assert parts("users_who_shared", ByTrait("plan"), facts) == [(PRO_PART, [ALICE]), (THE_OTHERS, [BOB])]


MATCHED = replace(
    FIVE,
    stays=[
        Stay("user:icp:small", ALICE, april(1)),
        Stay("user:icp:large", ALICE, april(1)),
        Stay("user:icp:small", BOB, april(1)),
    ],
)
BY_ICP = ByCondition({"small": InIcp("small"), "large": InIcp("large")})


def test_somebody_who_matches_two_profiles_is_in_both_and_counts_once_among_the_others() -> None:
    assert parts("total_active_users", BY_ICP, MATCHED) == [
        (UNKNOWN, [CHARLIE, DANA, ERIN]),
        (Part("small"), [ALICE, BOB]),
        (Part("large"), [ALICE]),
    ]
    assert parts("total_active_users", BY_ICP, MATCHED, first=1)[1] == (THE_OTHERS, [ALICE, BOB])


def test_accounts_are_split_by_their_own_trait_and_by_what_any_user_matches() -> None:
    firms = [Stay("account:registered", firm, april(2)) for firm in (HOOLI, INITECH)]
    own = Stay("account:trait:plan", HOOLI, april(1), None, '"pro"')
    facts = replace(MATCHED, stays=[*MATCHED.stays, *firms, own, member(ALICE, HOOLI, april(1))])
    assert parts("new_accounts", ByTrait("plan"), facts) == [(PRO_PART, [HOOLI]), (UNKNOWN, [INITECH])]
    assert parts("new_accounts", BY_ICP, facts) == [
        (Part("large"), [HOOLI]),
        (Part("small"), [HOOLI]),
        (UNKNOWN, [INITECH]),
    ]


def test_a_breakdown_of_nobody_has_no_rows() -> None:
    assert parts("total_active_users", ByTrait("plan"), BruteFacts()) == []
