from datetime import UTC, date, datetime

import pytest

from tests.oracle.examples import (
    accounts_merged,
    aliased,
    called,
    did,
    grouped,
    held,
    merged,
    placed,
    recognised,
    visited,
    worked,
)
from tests.oracle.messages import ERASED, Raw
from tests.oracle.people import ACCOUNT, USER, People

LATER = date(2026, 6, 1)


def people(*raws: Raw, zone: str = "UTC") -> People:
    return People(held(raws), zone)


def accounts(some: People, user: str, day: date = LATER) -> dict[str, str | None]:
    return {place.account: place.role for place in some.places(user, day)}


def primary(*raws: Raw, day: date = LATER) -> str | None:
    place = people(*raws).primary("alice", day)
    return place.account if place else None


def test_a_membership_begins_and_ends_at_the_ends_of_local_days() -> None:
    some = people(
        grouped("alice", "acme", "2026-04-02T22:30:00Z"),
        placed("alice", "acme", "2026-04-04T21:30:00Z", change="removed"),
        zone="Europe/Berlin",
    )
    days = [date(2026, 4, day) for day in (2, 3, 4)]
    assert [bool(some.places("alice", day)) for day in days] == [False, True, False]


def test_a_role_is_the_latest_that_was_said_since_the_last_joining() -> None:
    raws = [placed("alice", "acme", "2026-04-01", role="admin"), grouped("alice", "acme", "2026-04-02")]
    assert accounts(people(*raws), "alice") == {"acme": "admin"}
    raws += [placed("alice", "acme", "2026-04-03", change="removed"), grouped("alice", "acme", "2026-04-04")]
    assert accounts(people(*raws), "alice") == {"acme": None}


def test_whoever_has_a_role_belongs_there() -> None:
    raw = placed("alice", "acme", "2026-04-01", change="role_changed", role="viewer")
    assert accounts(people(raw), "alice") == {"acme": "viewer"}


def test_statements_count_by_their_time_and_at_one_time_by_their_ids() -> None:
    removed = placed("alice", "acme", "2026-04-02", change="removed")
    assert accounts(people(removed, grouped("alice", "acme", "2026-04-01")), "alice") == {}
    assert accounts(people(grouped("alice", "acme", "2026-04-02"), removed), "alice") == {"acme": None}
    joined = grouped("alice", "acme", "2026-04-02") | {"messageId": "a"}
    assert accounts(people(joined, removed), "alice") == {}


def test_the_oldest_membership_is_the_primary_one_until_another_is_said_to_be() -> None:
    raws = [grouped("alice", "ajax", "2026-04-01"), grouped("alice", "acme", "2026-04-02")]
    assert primary(*raws) == "ajax"
    raws += [placed("alice", "acme", "2026-04-03", is_primary=True)]
    assert primary(*raws) == "acme"
    assert primary(*raws, day=date(2026, 4, 2)) == "ajax"
    assert primary(*raws, placed("alice", "acme", "2026-04-04", is_primary=False)) == "ajax"
    assert primary(*raws, grouped("alice", "acme", "2026-04-04")) == "acme"


def test_the_last_of_several_primaries_is_it_until_it_ends() -> None:
    raws = [placed("alice", name, f"2026-04-0{day}", is_primary=True) for day, name in ((2, "acme"), (1, "ajax"))]
    assert primary(*raws) == "acme"
    assert primary(*raws, placed("alice", "acme", "2026-04-03", change="removed")) == "ajax"


def test_a_spell_begins_anew_after_a_removal() -> None:
    raws = [grouped("alice", "acme", "2026-04-01"), grouped("alice", "ajax", "2026-04-02")]
    raws += [placed("alice", "acme", "2026-04-03", change="removed"), grouped("alice", "acme", "2026-04-04")]
    assert primary(*raws) == "ajax"


def test_memberships_of_merged_people_and_accounts_are_one() -> None:
    raws = [placed("al", "acme inc", "2026-04-01", role="admin"), grouped("alice", "acme", "2026-04-02")]
    raws += [merged("al", "alice"), accounts_merged("acme inc", "acme")]
    assert accounts(people(*raws), "alice") == {"acme": "admin"}
    raws += [placed("alice", "acme", "2026-04-03", change="removed")]
    assert accounts(people(*raws), "alice") == {}


def test_a_group_call_of_a_visitor_makes_nobody_a_member() -> None:
    raws = [grouped(None, "acme", "2026-04-01"), recognised("somebody", "alice", "2026-04-02")]
    assert accounts(people(*raws), "alice") == {}


def test_users_and_accounts_are_lifted_over_any_membership_of_the_day() -> None:
    some = people(
        grouped("alice", "acme", "2026-04-01"),
        grouped("alice", "ajax", "2026-04-02"),
        grouped("bob", "ajax", "2026-04-03"),
    )
    assert some.lifted({"alice"}, ACCOUNT, LATER) == {"acme", "ajax"}
    assert some.lifted({"ajax"}, USER, date(2026, 4, 2)) == {"alice"}
    assert some.lifted({"ajax"}, USER, LATER) == {"alice", "bob"}


def test_people_are_open_from_their_signup_until_they_leave_and_again_when_they_return() -> None:
    raws = [did("alice", "user.signed_up", f"2026-04-0{day}") for day in (1, 5)]
    some = people(*raws, did("alice", "user.deactivated", "2026-04-03"), worked("bob", "2026-04-01"))
    assert [some.open(date(2026, 4, day)) for day in range(1, 6)] == [
        {"alice"},
        {"alice"},
        set(),
        set(),
        {"alice"},
    ]


def test_at_one_instant_whoever_left_has_left() -> None:
    raws = [did("alice", "user.deactivated", "2026-04-01"), did("alice", "user.signed_up", "2026-04-01")]
    assert people(*raws).open(LATER) == set()


def test_a_visitor_who_signed_up_is_open_once_it_is_known_who_it_was() -> None:
    raws = [visited("v", "2026-04-01", "user.signed_up"), recognised("v", "alice", "2026-05-01")]
    assert people(*raws).open(date(2026, 4, 1)) == {"alice"}


def test_the_erased_are_open_until_the_day_on_which_they_were_erased() -> None:
    ledger = held([did("alice", "user.signed_up", "2026-04-01")])
    ledger.erase("alice", datetime(2026, 5, 3, 23, tzinfo=UTC))
    assert [People(ledger, zone).open(date(2026, 5, 3)) for zone in ("UTC", "Europe/Berlin")] == [set(), {ERASED}]


def test_of_the_erased_nothing_is_known_not_even_before_they_were_erased() -> None:
    ledger = held([called("alice", "2026-03-01"), did("alice", "user.signed_up", "2026-04-01")])
    ledger.erase("alice", datetime(2026, 5, 3, tzinfo=UTC))
    assert People(ledger, "UTC").known(date(2026, 5, 2)) == set()


def test_colleagues_stay_colleagues_when_they_are_erased() -> None:
    ledger = held([called("alice", "2026-04-01", is_internal=True), worked("alice", "2026-04-01")])
    ledger.erase("alice", datetime(2026, 5, 3, tzinfo=UTC))
    assert People(ledger, "UTC").internal[USER] == {ERASED}


@pytest.mark.parametrize("value", ["true", 1, None])
def test_only_true_makes_a_colleague(value: object) -> None:
    raws = [called("alice", "2026-04-01", is_internal=True), called("alice", "2026-04-02", is_internal=value)]
    assert people(*raws).internal[USER] == set()


def test_who_is_introduced_is_known_and_who_is_only_seen_is_not() -> None:
    some = people(
        grouped("alice", "acme", "2026-04-01"),
        called("ed", "2026-04-01"),
        worked("bob", "2026-04-01"),
        placed("carla", "acme", "2026-04-03"),
        visited("v", "2026-04-04", "user.signed_up"),
        aliased("v", "dana", "2026-04-05"),
    )
    known = [sorted(some.known(date(2026, 4, day))) for day in (1, 2, 3, 4)]
    assert known == [["alice"], ["alice"], ["alice", "carla"], ["alice", "carla", "dana"]]
