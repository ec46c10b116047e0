"""Which events open and close people and accounts, whoever did them under whatever id."""

from __future__ import annotations

import pytest

from apps.audience.histories import Moment
from apps.engine.sets import Space
from apps.events import taxonomy
from apps.events.models import EventDefinition
from apps.events.states import moments
from apps.workspaces.models import Workspace
from tests.audience.said import came, went
from tests.people import accounts_merged, alias, identify, merged, unnamed
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def signed_up(who: str, at: str) -> dict[str, object]:
    return track("user.signed_up", who, at, channel="web")


def of_users(workspace: Workspace, *ordinals: int, version: int = 1) -> dict[int, list[Moment]]:
    found = moments(workspace.pk, version, Space.USER, ordinals)
    return {ordinal: sorted(told, key=lambda moment: moment.at) for ordinal, told in found.items()}


def test_signing_up_opens_and_leaving_closes(acme: Workspace) -> None:
    deliver(
        acme,
        act("alice", "2026-03-01"),
        signed_up("alice", "2026-04-01T00:00:00"),
        track("user.deactivated", "alice", "2026-04-02T00:00:00"),
        signed_up("bob", "2026-04-03T00:00:00"),
        track("account.created", "bob", "2026-04-03T00:00:00", account="initech"),
    )
    assert of_users(acme, 0) == {0: [came("2026-04-01"), went("2026-04-02")]}
    assert of_users(acme, 0, 1)[1] == [came("2026-04-03")]


def test_the_moments_of_merged_ids_are_the_survivors(acme: Workspace) -> None:
    deliver(
        acme,
        signed_up("al", "2026-04-01T00:00:00"),
        signed_up("alice", "2026-04-02T00:00:00"),
        merged("al", "alice"),
    )
    assert of_users(acme, 0, 1) == {1: [came("2026-04-01"), came("2026-04-02")]}


def test_a_visitor_who_signed_up_is_whom_they_turned_out_to_be(acme: Workspace) -> None:
    deliver(
        acme,
        act("alice", "2026-01-01T00:00:00"),
        act("bob", "2026-01-01T00:00:00"),
        unnamed(signed_up("", "2026-04-01T00:00:00"), "v-1"),
        unnamed(signed_up("", "2026-04-12T00:00:00"), "v-1"),
        unnamed(signed_up("", "2026-04-22T00:00:00"), "v-1"),
        unnamed(signed_up("", "2026-04-01T00:00:00"), "nobody"),
        identify("alice", "2026-04-10T00:00:00", anonymous="v-1"),
        identify("bob", "2026-04-20T00:00:00", anonymous="v-1"),
    )
    assert of_users(acme, 0) == {0: [came("2026-04-01"), came("2026-04-12")]}
    assert of_users(acme, 1) == {1: [came("2026-04-22")]}


def test_an_alias_brings_its_signup_along(acme: Workspace) -> None:
    deliver(
        acme,
        act("alice", "2026-01-01T00:00:00"),
        unnamed(signed_up("", "2026-04-01T00:00:00"), "v-1"),
        alias("alice", "v-1"),
    )
    assert of_users(acme, 0, 1) == {0: [came("2026-04-01")]}


def test_a_name_of_ones_own_counts_once_it_is_published(acme: Workspace) -> None:
    EventDefinition.objects.create(workspace=acme, name="Joined", kind="user.signed_up")
    deliver(acme, track("Joined", "alice", "2026-04-01T00:00:00"))
    taxonomy.publish(acme.pk)
    assert of_users(acme, 0, version=1) == {}
    assert of_users(acme, 0, version=2) == {0: [came("2026-04-01")]}


def test_accounts_are_created_and_closed(acme: Workspace) -> None:
    deliver(
        acme,
        track("account.created", "alice", "2026-04-01T00:00:00", account="initech"),
        track("account.closed", "alice", "2026-04-02T00:00:00", account="hooli"),
        signed_up("alice", "2026-04-03T00:00:00"),
        accounts_merged("initech", "hooli"),
    )
    found = moments(acme.pk, 1, Space.ACCOUNT, [0, 1])
    assert {ordinal: sorted(told, key=lambda one: one.at) for ordinal, told in found.items()} == {
        0: [came("2026-04-01"), went("2026-04-02")]
    }


def test_nobody_of_another_workspace_is_found(acme: Workspace) -> None:
    other = opened("other").workspace
    deliver(acme, act("alice", "2026-01-01T00:00:00"))
    deliver(other, signed_up("bob", "2026-04-01T00:00:00"))
    assert of_users(acme, 0) == {}
