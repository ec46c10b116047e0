"""Who counts under a condition, and as of which day."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.conditions import All, Condition, Did, InIcp, KpiSide, Not, Saved, Some, TraitIs
from tests.oracle.examples import LATER, ask, called, did, grouped, held, merged, placed, shared, worked
from tests.oracle.messages import Raw
from tests.oracle.oracle import Asked, Home, Oracle

PRO = TraitIs("plan", "EQUALS", ("pro",))
PAYING = [{"not": False, "all": [{"name": "plan", "op": "IN", "values": ["pro", "team"], "not": False}]}]


def who(
    kpi: str, raws: list[Raw], segment: Condition, as_of: str | None = None, period: str = "2026-04"
) -> set[str]:
    return set(ask(kpi, raws, period, segment=segment, as_of=as_of).numerator)


MOVING = [
    called("alice", "2026-03-31", plan="pro"),
    called("alice", "2026-04-10", plan="free"),
    called("bob", "2026-04-20", plan="pro"),
    called("carla", "2026-05-05", plan="pro"),
    *(worked(user, f"2026-04-{day:02}") for user in ("alice", "bob", "carla") for day in (5, 25)),
]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (None, {"bob"}),
        ("PERIOD_END", {"bob"}),
        ("PERIOD_START", {"alice"}),
        ("EVENT_DAY", {"alice", "bob"}),
        ("NOW", {"bob", "carla"}),
    ],
)
def test_the_active_are_in_a_segment_as_of_the_end_of_the_period_or_as_one_wants(
    as_of: str | None, expected: set[str]
) -> None:
    assert who("total_active_users", MOVING, PRO, as_of) == expected


def test_the_end_of_a_running_period_is_today_and_that_of_a_future_one_too() -> None:
    oracle, then = Oracle(held(MOVING), Home("UTC")), datetime(2026, 4, 5, 12, tzinfo=UTC)
    assert set(oracle.answer(Asked("mau", "2026-04", then, "UTC", segment=PRO)).numerator) == {"alice"}
    early = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert set(oracle.answer(Asked("total_active_users", "2026-04", early, "UTC", segment=PRO)).numerator) == {
        "alice"
    }


def test_shares_are_in_a_segment_by_their_senders_on_their_days() -> None:
    raws = [*MOVING, *(shared(user, f"2026-04-{day:02}") for user in ("alice", "bob") for day in (9, 10, 19, 20))]
    assert ask("share_actions", raws, segment=PRO).numerator == {"alice": 1, "bob": 1}
    assert ask("share_actions", raws, segment=PRO, as_of="PERIOD_END").numerator == {"bob": 4}
    assert who("users_who_shared", raws, PRO) == {"bob"}
    assert who("users_who_shared", raws, PRO, "EVENT_DAY") == {"alice", "bob"}


def test_the_sides_of_a_rate_are_cut_each_as_of_the_days_of_its_events() -> None:
    raws = [*MOVING, shared("alice", "2026-04-12"), shared("bob", "2026-04-26")]
    rate = ask("product_sharing_rate", raws, segment=PRO, as_of="EVENT_DAY")
    assert (rate.numerator, rate.denominator) == ({"bob": 1}, {"alice": 1, "bob": 1})
    assert rate.value == Decimal(50)


def test_signups_are_in_a_segment_as_of_their_day_and_stocks_as_of_theirs() -> None:
    raws = [*MOVING, *(did(user, "user.signed_up", "2026-04-02") for user in ("alice", "bob"))]
    assert who("signups", raws, PRO) == {"alice"}
    assert who("signups", raws, PRO, "PERIOD_END") == {"bob"}
    adoption = ask("product_adoption_rate", raws, segment=PRO)
    assert (adoption.numerator, adoption.denominator) == ({"bob": 1}, {"bob": 1})
    adoption = ask("product_adoption_rate", raws, segment=PRO, as_of="PERIOD_START")
    assert adoption.denominator == {"alice": 1}


def test_a_profile_is_taken_at_the_end_of_the_period_whatever_the_segment_is_taken_at() -> None:
    oracle = Oracle(held(MOVING), Home("UTC", profiles={"paying": PAYING}))
    asked = Asked("total_icp_users_active", "2026-04", LATER, "UTC", segment=PRO, as_of="PERIOD_START")
    assert oracle.answer(asked).value == 0
    inside = Asked("total_active_users", "2026-04", LATER, "UTC", segment=InIcp("paying"), as_of="PERIOD_START")
    assert oracle.answer(inside).numerator == {"alice": 1}


def test_a_period_of_another_zone_ends_on_the_workspaces_day_that_holds_its_last_instant() -> None:
    raws = [called("alice", "2026-05-01T01:00:00Z", plan="pro"), worked("alice", "2026-04-05")]
    oracle = Oracle(held(raws), Home("UTC"))
    asked = {zone: Asked("mau", "2026-04", LATER, zone, segment=PRO) for zone in ("UTC", "America/New_York")}
    assert [len(oracle.answer(one).numerator) for one in asked.values()] == [0, 1]


def test_everybody_meets_all_of_nothing_and_nobody_any_of_nothing() -> None:
    assert who("mau", MOVING, All(())) == {"alice", "bob", "carla"}
    assert who("mau", MOVING, Some(())) == set()
    assert who("mau", MOVING, Not(Saved("pros", PRO))) == {"alice", "carla"}
    assert who("mau", MOVING, All((Some((PRO, TraitIs("plan", "IS_NOT_SET"))), Not(PRO)))) == {"carla"}


def test_whoever_did_something_did_it_often_enough_in_the_days_up_to_the_day() -> None:
    raws = [*(worked("alice", f"2026-04-{day}") for day in (10, 20, 30)), worked("bob", "2026-04-30")]
    raws += [worked("al", "2026-04-29"), merged("al", "bob")]
    assert who("mau", raws, Did("action.performed", 2, days=2)) == {"bob"}
    assert who("mau", raws, Did("action.performed", 2, days=11)) == {"alice", "bob"}
    assert who("mau", raws, Did("action.performed", 3)) == {"alice"}
    assert who("mau", raws, Did("action.performed", period="2026-04-10")) == {"alice"}
    assert who("mau", raws, Did("action.performed", days=1), "EVENT_DAY") == {"alice", "bob"}
    assert who("mau", raws, Did("action.performed", 2, days=1), "EVENT_DAY") == set()


def test_a_share_was_done_if_it_counts_and_is_of_the_kinds_wanted() -> None:
    raws = [shared("alice", "2026-04-01", channel="email"), shared("bob", "2026-04-01", status="failed")]
    raws += [shared("carla", "2026-04-01", channel=None)]
    assert who("mau", raws, Did("share.created")) == {"alice", "carla"}
    assert who("mau", raws, Did("share.created", where=(("channel", frozenset({"email"})),))) == {"alice"}


def test_a_side_of_a_kpi_is_of_the_period_asked_about_or_of_its_own() -> None:
    raws = [*MOVING, shared("alice", "2026-04-09"), shared("bob", "2026-03-09"), worked("bob", "2026-03-09")]
    sides = {side: KpiSide("product_sharing_rate", side) for side in ("NUMERATOR", "DENOMINATOR", "REMAINDER")}
    found = {side: who("mau", raws, leaf) for side, leaf in sides.items()}
    assert found == {
        "NUMERATOR": {"alice"},
        "DENOMINATOR": {"alice", "bob", "carla"},
        "REMAINDER": {"bob", "carla"},
    }
    assert who("mau", raws, KpiSide("share_actions", "NUMERATOR", "2026-03")) == {"bob"}


ACCOUNTS = [
    grouped("alice", "acme", "2026-04-01", size=5),
    grouped("bob", "acme", "2026-04-02"),
    grouped("carla", "ajax", "2026-04-01", size=50),
    called("alice", "2026-04-01", role="admin", size=50),
    *(did("admin", "account.created", "2026-04-03", account=name) for name in ("acme", "ajax", "initech")),
]


def test_an_account_is_what_it_is_itself_or_what_any_of_its_people_is() -> None:
    assert who("new_accounts", ACCOUNTS, TraitIs("size", "EQUALS", ("50",))) == {"ajax"}
    assert who("new_accounts", ACCOUNTS, TraitIs("role", "EQUALS", ("admin",))) == {"acme"}
    assert who("new_accounts", ACCOUNTS, TraitIs("role", "IS_NOT_SET")) == {"acme", "ajax"}
    assert who("new_accounts", ACCOUNTS, Not(TraitIs("role", "IS_SET"))) == {"ajax", "initech"}


def test_the_people_of_an_account_are_those_of_the_day() -> None:
    raws = [*ACCOUNTS, placed("alice", "acme", "2026-04-04", change="removed")]
    admin = TraitIs("role", "EQUALS", ("admin",))
    assert who("new_accounts", raws, admin) == {"acme"}
    assert who("new_accounts", raws, admin, "PERIOD_END") == set()


def test_a_side_of_accounts_is_lifted_to_their_people_and_one_of_people_to_their_accounts() -> None:
    raws = [*ACCOUNTS, worked("bob", "2026-04-05"), worked("dana", "2026-04-05")]
    assert who("mau", raws, KpiSide("new_accounts", "NUMERATOR")) == {"bob"}
    assert who("new_accounts", raws, KpiSide("mau", "NUMERATOR")) == {"acme"}
    assert who("new_accounts", raws, Not(Did("action.performed"))) == {"ajax", "initech"}
