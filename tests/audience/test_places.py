"""Who belongs where, and which account is the primary one."""

from __future__ import annotations

from datetime import date

from apps.audience.histories import MembershipSaid, PersonHistory
from apps.audience.places import Place, places
from tests.audience.said import HOOLI, INITECH, accounts, joined, left

Primaries = list[tuple[int, int | None, str | None]]


def primaries(*memberships: MembershipSaid) -> Primaries:
    """The primary account and the role in it, from which day of April on."""
    stood = places(PersonHistory(memberships=memberships, accounts=accounts()), "UTC")
    return [(day.day, place.primary, place.role) for day, place in stood.items()]


def test_the_account_joined_first_is_the_primary_one() -> None:
    assert primaries(joined(HOOLI, "2026-04-02"), joined(INITECH, "2026-04-01")) == [
        (1, INITECH, None),
        (2, INITECH, None),
    ]


def test_of_two_joined_at_once_the_smaller_message_id_was_first_then_the_smaller_name() -> None:
    assert primaries(joined(INITECH, "2026-04-01", "m-2"), joined(HOOLI, "2026-04-01", "m-1")) == [
        (1, HOOLI, None)
    ]
    assert primaries(joined(INITECH, "2026-04-01"), joined(HOOLI, "2026-04-01")) == [(1, HOOLI, None)]


def test_the_account_last_said_to_be_primary_is_it() -> None:
    assert primaries(
        joined(INITECH, "2026-04-01"),
        joined(HOOLI, "2026-04-02", is_primary=True),
        joined(INITECH, "2026-04-03", is_primary=True),
        joined(HOOLI, "2026-04-04"),
    ) == [(1, INITECH, None), (2, HOOLI, None), (3, INITECH, None), (4, INITECH, None)]


def test_an_account_that_is_said_not_to_be_primary_gives_way() -> None:
    assert primaries(
        joined(INITECH, "2026-04-01", is_primary=True),
        joined(HOOLI, "2026-04-02", is_primary=True),
        joined(HOOLI, "2026-04-03", is_primary=False),
        joined(INITECH, "2026-04-04", is_primary=False),
    ) == [(1, INITECH, None), (2, HOOLI, None), (3, INITECH, None), (4, INITECH, None)]


def test_what_was_said_before_a_removal_is_forgotten() -> None:
    assert primaries(
        joined(INITECH, "2026-04-01", role="owner", is_primary=True),
        joined(HOOLI, "2026-04-02", role="editor"),
        left(INITECH, "2026-04-03"),
        joined(INITECH, "2026-04-04"),
        left(HOOLI, "2026-04-05"),
    ) == [
        (1, INITECH, "owner"),
        (2, INITECH, "owner"),
        (3, HOOLI, "editor"),
        (4, HOOLI, "editor"),
        (5, INITECH, None),
    ]


def test_a_role_stays_until_another_is_said() -> None:
    assert primaries(
        joined(INITECH, "2026-04-03", role="admin"),
        joined(INITECH, "2026-04-01", role="editor"),
        joined(INITECH, "2026-04-02"),
    ) == [(1, INITECH, "editor"), (2, INITECH, "editor"), (3, INITECH, "admin")]


def test_a_removal_of_somebody_who_never_joined_changes_nothing() -> None:
    stood = places(PersonHistory(memberships=(left(INITECH, "2026-04-01"),), accounts=accounts()), "UTC")
    assert stood.at(date(2026, 4, 30)) == Place(frozenset(), None, None)
    assert stood.at(date(2026, 3, 31)) is None
