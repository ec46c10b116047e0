"""Whom a condition holds of: Alice, Bob and Charlie, and the accounts Hooli and Initech."""

from dataclasses import replace

import pytest

from apps.engine.conditions import All, Any, AsOf, Condition, Did, InIcp, KpiSide, Not, SideName, TraitIs, TraitOp
from apps.engine.definitions import Distinct, Kpi, Ratio, where
from apps.engine.evaluate import Evaluator, evaluate
from apps.engine.expressions import StateNeed
from apps.engine.periods import parse_day, parse_month
from apps.engine.sets import Members, Space
from tests.engine.asking import EVERYBODY, PLANS, PRO, active, april, asked, on, who
from tests.engine.brute import (
    ACTIVE,
    ALICE,
    BOB,
    CHARLIE,
    DANA,
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

NOT_PRO = TraitIs("plan", TraitOp.NOT_EQUALS, ("pro",))
BOTH = frozenset(Space)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PRO, [ALICE]),
        (NOT_PRO, [BOB, CHARLIE]),
        (TraitIs("plan", TraitOp.IN, ("pro", "free")), [ALICE, BOB]),
        (TraitIs("plan", TraitOp.NOT_IN, ("pro", "free")), [CHARLIE]),
        (TraitIs("plan", TraitOp.STARTS_WITH, ("FR",)), [BOB]),
        (TraitIs("plan", TraitOp.IS_SET), [ALICE, BOB]),
        (TraitIs("plan", TraitOp.IS_NOT_SET), [CHARLIE]),
        (TraitIs("colour", TraitOp.IS_NOT_SET), [ALICE, BOB, CHARLIE]),
        (Not(PRO), [BOB, CHARLIE]),
        (Not(NOT_PRO), [ALICE]),
        (All(()), [ALICE, BOB, CHARLIE]),
        (Any(()), []),
        (All((Not(PRO), TraitIs("plan", TraitOp.IS_SET))), [BOB]),
        (Any((PRO, TraitIs("plan", TraitOp.IS_NOT_SET))), [ALICE, CHARLIE]),
    ],
)
def test_conditions_on_a_trait(condition: Condition, expected: list[int]) -> None:
    assert active(PLANS, condition) == expected


def test_values_that_are_not_told_apart_are_compared_all_the_same() -> None:
    facts = replace(PLANS, lumped=frozenset({'"pro"', '"free"'}))
    assert active(facts, PRO) == [ALICE]
    assert active(facts, NOT_PRO) == [BOB, CHARLIE]


def test_values_that_are_not_told_apart_are_not_read_where_nothing_depends_on_them() -> None:
    class Sparing(BruteFacts):
        def unlisted(self, need: StateNeed) -> dict[str, Members]:
            raise AssertionError(need)

    facts = Sparing(EVERYBODY, stays=PLANS.stays)
    assert active(facts, PRO) == [ALICE]
    lumped = Sparing(EVERYBODY, stays=PLANS.stays, lumped=frozenset({'"pro"'}))
    assert active(lumped, TraitIs("plan", TraitOp.IS_SET)) == [ALICE, BOB]


def test_matching_any_profile_is_matching_one_that_is_approved() -> None:
    stays = [Stay("user:icp:small", ALICE, april(1)), Stay("user:icp:retired", BOB, april(1))]
    facts = BruteFacts(EVERYBODY, stays=stays)
    assert active(facts, InIcp()) == [ALICE]
    assert active(facts, InIcp("large")) == []
    assert active(facts, Not(InIcp())) == [BOB, CHARLIE]


SHARES = BruteFacts(
    [share(ALICE, on(29, 3)), share(ALICE, on(2), "invite"), share(ALICE, on(30)), share(BOB, on(24)), *EVERYBODY]
)


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        (Did("share.created"), [ALICE, BOB]),
        (Did("share.created", 2), [ALICE]),
        (Did("share.created", 3), []),
        (Did("share.created", where=where({"share_type": ["invite"]})), [ALICE]),
        (Did("share.created", days=1), [ALICE]),
        (Did("share.created", days=6), [ALICE]),
        (Did("share.created", days=7), [ALICE, BOB]),
        (Did("share.created", period=parse_month("2026-03", "UTC")), [ALICE]),
        (Did("share.created", period=parse_day("2026-04-24", "UTC")), [BOB]),
    ],
)
def test_who_did_something_how_often_and_when(did: Did, expected: list[int]) -> None:
    assert active(SHARES, did) == expected


RATE = KPIS["product_sharing_rate"]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (KpiSide(RATE, SideName.NUMERATOR), [ALICE, BOB]),
        (KpiSide(RATE, SideName.DENOMINATOR), [ALICE, BOB, CHARLIE]),
        (KpiSide(RATE, SideName.REMAINDER), [CHARLIE]),
        (KpiSide(RATE, SideName.NUMERATOR, parse_month("2026-03", "UTC")), [ALICE]),
        (KpiSide(KPIS["share_actions"], SideName.NUMERATOR), [ALICE, BOB]),
        (KpiSide(KPIS["dau"], SideName.NUMERATOR), [ALICE]),
    ],
)
def test_who_is_in_a_side_of_a_kpi(side: KpiSide, expected: list[int]) -> None:
    assert active(SHARES, side) == expected


def test_a_side_of_a_kpi_is_narrowed_by_nothing_that_the_question_is() -> None:
    segment = All((PRO, KpiSide(RATE, SideName.REMAINDER)))
    facts = replace(SHARES, stays=[plan(CHARLIE, "pro", april(1)), plan(DANA, "pro", april(1))])
    links = replace(asked(segment), limits=where({"share_type": {"link"}}))
    assert evaluate(RATE, links, facts).value == 0
    rate = evaluate(RATE, links, facts)
    assert rate.denominator is not None
    assert list(rate.denominator.everybody()) == [CHARLIE]


def test_a_side_is_that_of_the_period_asked_for_and_not_of_the_day_answered() -> None:
    assert who("dau", SHARES, asked(KpiSide(RATE, SideName.NUMERATOR))) == [ALICE]
    day_before = replace(SHARES, events=[share(BOB, on(24)), Event(BOB, on(30))])
    assert who("dau", day_before, asked(KpiSide(RATE, SideName.NUMERATOR))) == [BOB]


FIRMS = BruteFacts(
    stays=[
        Stay("account:registered", HOOLI, april(5)),
        Stay("account:registered", INITECH, april(5)),
        Stay("account:trait:plan", HOOLI, april(1), None, '"pro"'),
        member(ALICE, HOOLI, april(1), april(20)),
        member(BOB, HOOLI, april(1)),
        member(BOB, INITECH, april(20)),
        Stay("user:trait:role", ALICE, april(1), None, '"admin"'),
    ]
)
ADMIN = TraitIs("role", TraitOp.EQUALS, ("admin",))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (TraitIs("plan", TraitOp.EQUALS, ("pro",), BOTH), [HOOLI]),
        (TraitIs("plan", TraitOp.NOT_EQUALS, ("pro",), BOTH), [INITECH]),
        (ADMIN, [HOOLI]),
        (Not(ADMIN), [INITECH]),
        # Bob, of Hooli, is no admin; nobody is of Initech yet.
        (TraitIs("role", TraitOp.NOT_EQUALS, ("admin",)), [HOOLI]),
        (TraitIs("role", TraitOp.IS_NOT_SET), [HOOLI]),
        (TraitIs("role", TraitOp.IS_SET), [HOOLI]),
        # Each leaf by itself: one user is an admin, another is not.
        (All((ADMIN, TraitIs("role", TraitOp.IS_NOT_SET))), [HOOLI]),
    ],
)
def test_an_account_is_judged_by_its_own_trait_or_by_any_of_its_users(
    condition: Condition, expected: list[int]
) -> None:
    assert who("new_accounts", FIRMS, asked(condition)) == expected


def test_an_accounts_users_are_those_of_the_day() -> None:
    by_the_end = asked(ADMIN, AsOf.PERIOD_END)
    assert who("new_accounts", FIRMS, by_the_end) == []
    not_set = asked(TraitIs("role", TraitOp.IS_NOT_SET), AsOf.PERIOD_END)
    assert who("new_accounts", FIRMS, not_set) == [HOOLI, INITECH]


def test_people_are_in_a_side_of_a_kpi_of_accounts_by_any_account_of_theirs() -> None:
    facts = replace(FIRMS, events=EVERYBODY)
    assert active(facts, KpiSide(KPIS["new_accounts"], SideName.NUMERATOR)) == [BOB]
    assert active(facts, Not(KpiSide(KPIS["new_accounts"], SideName.NUMERATOR))) == [ALICE, CHARLIE]


def test_accounts_are_in_the_denominator_of_a_kpi_of_people_by_any_user() -> None:
    facts = replace(FIRMS, events=[Event(ALICE, on(2))])
    assert who("new_accounts", facts, asked(KpiSide(RATE, SideName.DENOMINATOR))) == [HOOLI]
    assert who("new_accounts", facts, asked(KpiSide(RATE, SideName.NUMERATOR))) == []


def test_each_side_of_a_kpi_is_of_whom_it_counts() -> None:
    per_account = Kpi("users_per_account", 1, Ratio(ACTIVE, Distinct(Space.ACCOUNT, "ACTIVITY@account"), scale=1))
    facts = replace(FIRMS, events=[Event(ALICE, on(2), account=INITECH)])
    above, below = (KpiSide(per_account, side) for side in (SideName.NUMERATOR, SideName.DENOMINATOR))
    assert who("new_accounts", facts, asked(above)) == [HOOLI]
    assert who("new_accounts", facts, asked(below)) == [INITECH]


def test_new_accounts_with_a_share_type_are_those_that_such_shares_are_of() -> None:
    shares = [(share(ALICE, on(2), "link"), INITECH), (share(BOB, on(2), "invite"), None)]
    facts = replace(FIRMS, events=[replace(event, account=account) for event, account in shares])
    by_link, by_invite = (
        replace(asked(None), limits=where({"share_type": {share_type}})) for share_type in ("link", "invite")
    )
    assert who("new_accounts", facts, by_link) == [INITECH]
    # Bob belongs to both, but did nothing in either.
    assert who("new_accounts", facts, by_invite) == []


def test_a_leaf_is_looked_up_once_for_all_the_questions() -> None:
    class Counting(BruteFacts):
        def unlisted(self, need: StateNeed) -> dict[str, Members]:
            looked_up.append(need)
            return super().unlisted(need)

    looked_up: list[StateNeed] = []
    evaluator = Evaluator(Counting(EVERYBODY, stays=PLANS.stays, lumped=frozenset({'"pro"'})))
    for slug in ("total_active_users", "users_who_shared", "mau"):
        evaluator.answer(KPIS[slug], asked(All((PRO, Not(PRO)))))
    assert looked_up == [StateNeed("user:trait:plan", april(30))]
