"""Stretches of days, from histories that were told late, twice, at once, and of several ids."""

from __future__ import annotations

from itertools import permutations

import pytest

from apps.audience.histories import AccountHistory, PersonHistory
from apps.audience.timelines import person
from tests.audience.said import (
    HOOLI,
    INITECH,
    accounts,
    at,
    came,
    joined,
    left,
    of_account,
    of_person,
    trait,
    went,
)

PLAN = "user:trait:plan"


def test_a_trait_holds_from_its_day_to_that_of_the_next_value() -> None:
    told = (trait("plan", "free", "2026-04-10T12:00"), trait("plan", "pro", "2026-04-20T23:59:59.999999"))
    assert of_person(PLAN, PersonHistory(told)) == [('"free"', "04-10", "04-20"), ('"pro"', "04-20", None)]


def test_what_is_told_late_has_its_place_by_its_own_time() -> None:
    told = [
        trait("plan", "pro", "2026-04-20T00:00"),
        trait("plan", "trial", "2026-04-01T00:00"),
        trait("plan", "free", "2026-04-10T00:00"),
    ]
    for order in permutations(told):
        assert of_person(PLAN, PersonHistory(order)) == [
            ('"trial"', "04-01", "04-10"),
            ('"free"', "04-10", "04-20"),
            ('"pro"', "04-20", None),
        ]


def test_the_last_value_within_a_day_is_the_days() -> None:
    told = (
        trait("plan", "free", "2026-04-09T12:00"),
        trait("plan", "pro", "2026-04-10T08:00"),
        trait("plan", "team", "2026-04-10T09:00"),
        trait("plan", "free", "2026-04-10T10:00"),
    )
    # Pro and team were never a day's last word, and free goes on as if nothing had been said.
    assert of_person(PLAN, PersonHistory(told)) == [('"free"', "04-09", None)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_values_of_one_instant_the_greater_message_id_is_the_later(order: tuple[int, int]) -> None:
    told = (trait("plan", "free", "2026-04-10T12:00", "m-9"), trait("plan", "pro", "2026-04-10T12:00", "m-10"))
    history = PersonHistory(tuple(told[place] for place in order))
    assert of_person(PLAN, history) == [('"free"', "04-10", None)]


def test_a_null_ends_a_stretch_and_a_null_first_begins_none() -> None:
    told = (
        trait("plan", None, "2026-04-01T00:00"),
        trait("plan", "pro", "2026-04-10T00:00"),
        trait("plan", None, "2026-04-20T00:00"),
        trait("plan", None, "2026-04-25T00:00"),
    )
    assert of_person(PLAN, PersonHistory(told)) == [('"pro"', "04-10", "04-20")]


def test_false_zero_and_the_empty_text_are_values() -> None:
    told = (
        trait("plan", False, "2026-04-01T00:00"),
        trait("plan", 0, "2026-04-02T00:00"),
        trait("plan", "", "2026-04-03T00:00"),
        trait("plan", [], "2026-04-04T00:00"),
    )
    assert [value for value, _, _ in of_person(PLAN, PersonHistory(told))] == ["false", "0", '""', "[]"]


@pytest.mark.parametrize(
    ("zone", "first"),
    [("UTC", "04-10"), ("Asia/Tokyo", "04-11"), ("America/New_York", "04-10"), ("Pacific/Kiritimati", "04-11")],
)
def test_a_day_is_one_of_the_workspaces_zone(zone: str, first: str) -> None:
    history = PersonHistory((trait("plan", "pro", "2026-04-10T23:30"),))
    assert of_person(PLAN, history, zone) == [('"pro"', first, None)]


def test_days_of_23_and_25_hours_end_at_their_own_midnights() -> None:
    told = (
        # 29 March has 23 hours in Berlin and ends at 22:00 UTC, 25 October has 25 and ends at 23:00 UTC.
        trait("plan", "a", "2026-03-29T21:59"),
        trait("plan", "b", "2026-03-29T22:00"),
        trait("plan", "c", "2026-10-25T22:59"),
        trait("plan", "d", "2026-10-25T23:00"),
    )
    found = of_person(PLAN, PersonHistory(told), "Europe/Berlin")
    assert [first for _, first, _ in found] == ["03-29", "03-30", "10-25", "10-26"]


def test_an_account_hands_its_traits_down_to_its_members() -> None:
    history = PersonHistory(
        memberships=(joined(INITECH, "2026-04-05T00:00"),),
        accounts=accounts((trait("plan", "free", "2026-04-01T00:00"), trait("plan", "pro", "2026-04-10T00:00"))),
    )
    assert of_person(PLAN, history) == [('"free"', "04-05", "04-10"), ('"pro"', "04-10", None)]


def test_an_own_value_wins_and_an_own_null_lets_the_accounts_show_again() -> None:
    history = PersonHistory(
        traits=(trait("plan", "own", "2026-04-10T00:00"), trait("plan", None, "2026-04-20T00:00")),
        memberships=(joined(INITECH, "2026-04-01T00:00"),),
        accounts=accounts((trait("plan", "pro", "2026-03-01T00:00"),)),
    )
    assert of_person(PLAN, history) == [
        ('"pro"', "04-01", "04-10"),
        ('"own"', "04-10", "04-20"),
        ('"pro"', "04-20", None),
    ]


def test_who_moves_between_accounts_has_the_traits_of_the_one_and_then_of_the_other() -> None:
    history = PersonHistory(
        memberships=(
            joined(INITECH, "2026-04-01T00:00"),
            left(INITECH, "2026-04-10T00:00"),
            joined(HOOLI, "2026-04-20T00:00"),
        ),
        accounts=accounts(
            (trait("plan", "pro", "2026-01-01T00:00"), trait("plan", "late", "2026-04-15T00:00")),
            (trait("plan", "team", "2026-01-01T00:00"), trait("industry", "search", "2026-05-01T00:00")),
        ),
    )
    assert of_person(PLAN, history) == [('"pro"', "04-01", "04-10"), ('"team"', "04-20", None)]
    assert of_person("user:trait:industry", history) == [('"search"', "05-01", None)]


def test_only_the_primary_account_hands_down() -> None:
    history = PersonHistory(
        memberships=(
            joined(INITECH, "2026-04-01T00:00"),
            joined(HOOLI, "2026-04-02T00:00"),
            joined(HOOLI, "2026-04-10T00:00", is_primary=True),
        ),
        accounts=accounts(
            (trait("plan", "pro", "2026-01-01T00:00"),), (trait("industry", "search", "2026-01-01T00:00"),)
        ),
    )
    assert of_person(PLAN, history) == [('"pro"', "04-01", "04-10")]
    assert of_person("user:trait:industry", history) == [('"search"', "04-10", None)]


def test_a_role_is_ones_own_or_the_memberships_or_the_accounts() -> None:
    history = PersonHistory(
        traits=(trait("role", "own", "2026-04-20T00:00"), trait("role", None, "2026-04-25T00:00")),
        memberships=(joined(INITECH, "2026-04-01T00:00"), joined(INITECH, "2026-04-10T00:00", role="editor")),
        accounts=accounts((trait("role", "everybody", "2026-01-01T00:00"),)),
    )
    assert of_person("user:trait:role", history) == [
        ('"everybody"', "04-01", "04-10"),
        ('"editor"', "04-10", "04-20"),
        ('"own"', "04-20", "04-25"),
        ('"editor"', "04-25", None),
    ]


def test_memberships_may_overlap_and_come_again() -> None:
    history = PersonHistory(
        memberships=(
            joined(INITECH, "2026-04-01T00:00"),
            joined(HOOLI, "2026-04-05T00:00"),
            left(INITECH, "2026-04-10T00:00"),
            joined(INITECH, "2026-04-20T00:00"),
            # Gone and back within a day.
            left(HOOLI, "2026-04-22T08:00"),
            joined(HOOLI, "2026-04-22T09:00"),
        ),
        accounts=accounts(),
    )
    assert of_person("user:member", history) == [
        ("0", "04-01", "04-10"),
        ("0", "04-20", None),
        ("1", "04-05", None),
    ]


@pytest.mark.parametrize(
    ("history", "first"),
    [
        (PersonHistory((trait("plan", None, "2026-04-03T00:00"),)), "04-03"),
        (PersonHistory(memberships=(left(INITECH, "2026-04-03T00:00"),), accounts=accounts()), "04-03"),
        (PersonHistory(first_alias=at("2026-04-03T00:00")), "04-03"),
        (PersonHistory(moments=(came("2026-04-03T00:00"),)), "04-03"),
        (PersonHistory((trait("plan", 1, "2026-04-05T00:00"),), moments=(came("2026-04-04T00:00"),)), "04-04"),
    ],
)
def test_a_person_is_known_since_anything_was_said_of_them(history: PersonHistory, first: str) -> None:
    assert of_person("user:known", history) == [("true", first, None)]


@pytest.mark.parametrize(
    "history",
    [PersonHistory((trait("icp:gold", True, "2026-04-03T00:00"),)), PersonHistory(moments=(went("2026-04-03"),))],
)
def test_a_word_on_a_profile_or_a_farewell_makes_nobody_known(history: PersonHistory) -> None:
    assert of_person("user:known", history) == []


def test_a_user_is_registered_once_and_open_until_deactivated() -> None:
    history = PersonHistory(
        moments=(
            went("2026-04-10T00:00"),
            came("2026-04-20T00:00"),
            came("2026-04-01T00:00"),
            came("2026-04-02T00:00"),
        )
    )
    assert of_person("user:registered", history) == [("true", "04-01", None)]
    assert of_person("user:open", history) == [("true", "04-01", "04-10"), ("true", "04-20", None)]


def test_who_signs_up_and_leaves_in_one_instant_has_left() -> None:
    history = PersonHistory(moments=(went("2026-04-10T00:00"), came("2026-04-10T00:00")))
    assert of_person("user:open", history) == []
    assert of_person("user:registered", history) == [("true", "04-10", None)]


def test_of_the_erased_is_left_that_they_came_and_were_there_until_then() -> None:
    history = PersonHistory(
        traits=(trait("plan", "pro", "2026-04-01T00:00"),),
        memberships=(joined(INITECH, "2026-04-01T00:00"),),
        accounts=accounts((trait("industry", "software", "2026-04-01T00:00"),)),
        moments=(came("2026-04-02T00:00"), came("2026-04-21T00:00")),
        erased_at=at("2026-04-20T12:00"),
    )
    assert sorted(
        (one.series, one.first_day.day, one.end_day and one.end_day.day) for one in person(history, "UTC")
    ) == [
        ("user:open", 2, 20),
        ("user:registered", 2, None),
    ]


def test_who_is_erased_on_the_day_they_came_was_never_there_at_a_days_end() -> None:
    history = PersonHistory(moments=(came("2026-04-20T08:00"),), erased_at=at("2026-04-20T12:00"))
    assert [one.series for one in person(history, "UTC")] == ["user:registered"]


def test_an_account_has_traits_and_a_life_of_its_own() -> None:
    history = AccountHistory(
        "initech",
        (trait("plan", "pro", "2026-04-02T00:00"),),
        (came("2026-04-01T00:00"), went("2026-04-30T00:00")),
    )
    assert of_account("account:trait:plan", history) == [('"pro"', "04-02", None)]
    assert of_account("account:registered", history) == [("true", "04-01", None)]
    assert of_account("account:open", history) == [("true", "04-01", "04-30")]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [((), None), ((False, True), True), ((True, False), False), ((True, None), False), (("true",), False)],
)
def test_the_latest_word_on_being_our_own_is_the_verdict(values: tuple[object, ...], verdict: bool | None) -> None:
    told = [trait("is_internal", value, f"2026-04-{place + 1:02}T00:00") for place, value in enumerate(values)]
    for history in (PersonHistory(told[::-1]), AccountHistory("initech", told)):
        assert history.is_internal is verdict


def test_nothing_said_is_no_state() -> None:
    assert person(PersonHistory(), "UTC") == []
