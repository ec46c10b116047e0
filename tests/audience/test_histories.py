"""All that was said of a group of ids, and nothing that was said of others."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audience.histories import PersonHistory, load_accounts, load_people
from apps.audience.models import Account, ProductUser, TraitChange
from apps.audience.timelines import person
from apps.engine.sets import Space
from apps.workspaces.models import Workspace
from tests.audience.said import at, came
from tests.people import accounts_merged, alias, group, identify, merged
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def ordinal(workspace: Workspace, name: str, model: type[ProductUser | Account] = ProductUser) -> int:
    return model.unscoped.get(workspace=workspace, external_id=name).ordinal


def history(workspace: Workspace, name: str) -> PersonHistory:
    own = ordinal(workspace, name)
    return load_people(workspace.pk, [own], {})[own]


def stretches(workspace: Workspace, name: str) -> Mapping[str, str]:
    """The last value of each series that still holds."""
    return {one.series: one.value for one in person(history(workspace, name), "UTC") if one.end_day is None}


def test_what_was_said_of_all_ids_is_one_history(acme: Workspace) -> None:
    deliver(
        acme,
        identify("al", "2026-04-03T00:00:00", plan="pro", message="m-2"),
        identify("alice", "2026-04-01T00:00:00", plan="free", message="m-1"),
        identify("bob", "2026-04-02T00:00:00", plan="team"),
        group("al", "initech", "2026-04-04T00:00:00"),
        group("alice", "hooli", "2026-04-05T00:00:00"),
        merged("al", "alice"),
    )
    found = history(acme, "alice")
    assert [(one.value, one.message_id) for one in found.traits] == [('"free"', "m-1"), ('"pro"', "m-2")]
    assert [found.accounts[one.account].external_id for one in found.memberships] == ["initech", "hooli"]


def test_who_was_merged_away_has_no_history(acme: Workspace) -> None:
    deliver(acme, identify("al", plan="pro"), merged("al", "alice"))
    found = history(acme, "al")
    assert (found.traits, found.memberships, person(found, "UTC")) == ([], [], [])


def test_what_a_merged_account_hands_down_is_the_survivors(acme: Workspace) -> None:
    deliver(
        acme,
        group("alice", "initech", "2026-04-01T00:00:00", plan="pro", size=9),
        group(None, "hooli", "2026-04-02T00:00:00", plan="team"),
        accounts_merged("initech", "hooli"),
    )
    hooli = ordinal(acme, "hooli", Account)
    assert [one.account for one in history(acme, "alice").memberships] == [hooli]
    assert stretches(acme, "alice") == {
        "user:known": "true",
        "user:member": str(hooli),
        "user:trait:plan": '"team"',
        "user:trait:size": "9",
    }
    account = load_accounts(acme.pk, [hooli], {})[hooli]
    assert (account.external_id, [one.value for one in account.traits]) == ("hooli", ['"pro"', "9", '"team"'])


def test_somebody_recognised_is_known_since_the_first_time(acme: Workspace) -> None:
    deliver(
        acme,
        identify("al", "2026-04-05T00:00:00", anonymous="v-1"),
        alias("alice", "al", "2026-04-06T00:00:00"),
        identify("alice", "2026-04-07T00:00:00", anonymous="v-2"),
    )
    assert history(acme, "alice").first_alias == at("2026-04-05")


def test_equal_values_are_equal_texts(acme: Workspace) -> None:
    deliver(
        acme, identify("alice", fits={"b": [Decimal("1.50"), {"z": 1, "a": "ü\u2028"}], "aa": True}, left=None)
    )
    deliver(acme, identify("bob", fits={"aa": True, "b": [Decimal("1.50"), {"a": "ü\u2028", "z": 1}]}))
    alice, bob = history(acme, "alice"), history(acme, "bob")
    text = '{"aa":true,"b":[1.50,{"a":"ü\u2028","z":1}]}'
    assert {one.name: one.value for one in alice.traits} == {"fits": text, "left": None}
    assert [one.value for one in bob.traits] == [text]


def test_a_stored_null_unsets_too(acme: Workspace) -> None:
    deliver(acme, identify("alice", plan="pro"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audience_traitchange SET value = 'null'::jsonb")
    assert TraitChange.objects.filter(workspace=acme).count() == 1
    assert [one.value for one in history(acme, "alice").traits] == [None]


def test_moments_are_handed_through(acme: Workspace) -> None:
    deliver(
        acme,
        act("alice", "2026-04-01T00:00:00"),
        track("account.created", "alice", "2026-04-01T00:00:00", account=1),
    )
    opened_at = {0: [came("2026-04-01")]}
    assert load_people(acme.pk, [0], opened_at)[0].moments == [came("2026-04-01")]
    assert load_accounts(acme.pk, [0], opened_at)[0].moments == [came("2026-04-01")]


def test_nobody_of_another_workspace_is_read(acme: Workspace) -> None:
    other = opened("other").workspace
    deliver(acme, identify("alice", plan="pro"))
    deliver(other, identify("bob", plan="team"), group("bob", "initech"))
    assert [one.value for one in history(acme, "alice").traits] == ['"pro"']
    assert load_people(acme.pk, [7], {}) == {}


@pytest.mark.parametrize(("space", "statements"), [(Space.USER, 5), (Space.ACCOUNT, 2)])
def test_a_batch_takes_as_many_statements_as_one(acme: Workspace, space: Space, statements: int) -> None:
    deliver(acme, *(group(f"user-{n}", f"account-{n % 3}", plan=n) for n in range(20)))
    load = load_people if space is Space.USER else load_accounts
    for number in (1, 20):
        with CaptureQueriesContext(connection) as asked:
            load(acme.pk, range(number), {})
        assert len(asked) == statements
