"""KPIs of people who are merged, recognised, registered or match a profile, counted by hand."""

from decimal import Decimal

from tests.oracle.examples import (
    LATER,
    accounts_merged,
    aliased,
    ask,
    called,
    did,
    grouped,
    held,
    merged,
    recognised,
    shared,
    visited,
    worked,
)
from tests.oracle.oracle import Asked, Home, Oracle


def test_a_merged_person_is_one_in_every_period_and_their_shares_add_up() -> None:
    raws = [
        shared("alice", "2026-04-01"),
        shared("al", "2026-04-02"),
        worked("al", "2026-03-01"),
        merged("al", "alice"),
    ]
    assert ask("share_actions", raws).numerator == {"alice": 2}
    assert ask("total_active_users", raws, "2026-03").numerator == {"alice": 1}


def test_an_alias_makes_the_earlier_id_the_users_and_its_visits_too() -> None:
    raws = [worked("al", "2026-04-01"), visited("al", "2026-03-01"), aliased("al", "alice", "2026-04-02")]
    assert [ask("mau", raws, month).numerator for month in ("2026-03", "2026-04")] == [{"alice": 1}, {"alice": 1}]


def test_a_visitor_was_whoever_they_said_last_before_or_first_of_all() -> None:
    raws = [visited("v", f"2026-04-0{day}") for day in (1, 3, 5)]
    raws += [recognised("v", "alice", "2026-04-02"), recognised("v", "bob", "2026-04-04")]
    days = [ask("dau", raws, f"2026-04-0{day}").numerator for day in (1, 3, 5)]
    assert days == [{"alice": 1}, {"alice": 1}, {"bob": 1}]


def test_of_two_who_say_at_once_that_they_are_a_visitor_the_greater_message_id_decides() -> None:
    first, second = (recognised("v", user, "2026-04-02") for user in ("alice", "bob"))
    raws = [visited("v", "2026-04-03"), second, first]
    assert ask("total_active_users", raws).numerator == {"bob": 1}
    assert ask("total_active_users", [*raws, visited("v", "2026-04-01")], "2026-04-01").numerator == {"alice": 1}


def test_a_visit_at_the_very_instant_of_the_identify_belongs_to_it() -> None:
    raws = [
        recognised("v", "alice", "2026-04-01"),
        recognised("v", "bob", "2026-04-02"),
        visited("v", "2026-04-02"),
    ]
    assert ask("total_active_users", raws).numerator == {"bob": 1}


def test_colleagues_may_be_found_out_by_any_id_of_theirs() -> None:
    raws = [worked("alice", "2026-04-01"), called("al", "2026-04-02", is_internal=True), merged("al", "alice")]
    assert ask("total_active_users", raws).value == 0
    assert ask("total_active_users", [*raws, called("alice", "2026-04-03", is_internal=False)]).value == 1


def test_a_signup_counts_once_in_the_period_of_the_first_of_all_ids() -> None:
    raws = [did("alice", "user.signed_up", "2026-04-01"), did("al", "user.signed_up", "2026-03-31")]
    raws += [did("bob", "user.signed_up", "2026-04-02"), visited("v", "2026-04-03", "user.signed_up")]
    raws += [merged("al", "alice"), recognised("v", "carla", "2026-05-01")]
    assert ask("signups", raws).numerator == {"bob": 1, "carla": 1}
    assert ask("signups", raws, "2026-03").numerator == {"alice": 1}


def test_a_new_account_counts_in_the_period_of_its_first_creation() -> None:
    raws = [
        did("alice", "account.created", f"2026-04-0{day}", account=name)
        for day, name in ((1, "acme"), (2, "ajax"))
    ]
    raws += [
        did("alice", "account.created", "2026-03-02", account="acme inc"),
        accounts_merged("acme inc", "acme"),
    ]
    raws += [grouped("alice", "initech", "2026-04-01")]
    assert ask("new_accounts", raws).numerator == {"ajax": 1}
    assert ask("new_accounts", raws, "2026-03").numerator == {"acme": 1}
    assert ask("new_accounts", [*raws, grouped(None, "ajax", "2026-05-01", is_internal=True)]).value == 0


def test_6000_active_of_15000_who_are_registered_are_40_percent() -> None:
    raws = [did(f"user-{number}", "user.signed_up", "2026-03-15") for number in range(15)]
    raws += [worked(f"user-{number}", "2026-04-16") for number in range(6)]
    assert ask("product_adoption_rate", raws).value == Decimal(40)


def test_who_left_in_the_period_counts_among_the_registered_only_if_they_were_active() -> None:
    raws = [did(user, "user.signed_up", "2026-03-15") for user in ("alice", "bob", "carla")]
    raws += [worked("alice", "2026-04-02"), worked("dana", "2026-04-02")]
    raws += [did(user, "user.deactivated", "2026-04-03") for user in ("alice", "bob")]
    rate = ask("product_adoption_rate", raws)
    assert (rate.numerator, rate.denominator) == ({"alice": 1, "dana": 1}, {"alice": 1, "carla": 1, "dana": 1})
    again = [*raws, did("bob", "user.signed_up", "2026-04-04")]
    assert ask("product_adoption_rate", again).denominator == {"alice": 1, "bob": 1, "carla": 1, "dana": 1}


PRO = [{"not": False, "all": [{"name": "plan", "op": "EQUALS", "values": ["pro"], "not": False}]}]


def test_among_icps_both_sides_are_of_those_who_match_at_the_end_of_the_period() -> None:
    raws = [called(user, "2026-03-01", plan="pro") for user in ("alice", "bob", "carla", "dana")]
    raws += [
        called("dana", "2026-04-30T23:59:59Z", plan="free"),
        called("carla", "2026-05-01T00:00:00Z", plan="free"),
    ]
    raws += [worked(user, "2026-04-01") for user in ("alice", "carla", "dana", "erin")]
    raws += [shared("alice", "2026-04-01", share_scope="content"), shared("dana", "2026-04-01")]
    raws += [did(user, "user.signed_up", "2026-03-01") for user in ("bob", "dana", "erin")]
    oracle = Oracle(held(raws), Home("UTC", profiles={"pro": PRO}))
    april = {
        kpi: oracle.answer(Asked(kpi, "2026-04", LATER, "UTC"))
        for kpi in (
            "total_icp_users_active",
            "icp_users_who_shared",
            "share_rate_among_icps",
            "identified_icp_users",
        )
    }
    assert april["total_icp_users_active"].numerator == {"alice": 1, "carla": 1}
    assert april["icp_users_who_shared"].numerator == {"alice": 1}
    assert april["share_rate_among_icps"].value == Decimal(50)
    assert april["identified_icp_users"].numerator == {"bob": 1}
