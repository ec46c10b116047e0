"""Merges that chain, are none, go in circles, or come at once from two sides."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from apps.audience.identity import resolve
from apps.audience.merging import Merge, Merged, merge
from apps.audience.models import ProductUser
from apps.workspaces.models import Workspace
from tests.world import opened

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
SECONDS = 20


@transaction.atomic
def users(workspace: Workspace, *names: str) -> list[int]:
    """The primary keys of users whose ordinals are 0, 1, 2 and so on."""
    return [resolve(workspace.pk, ProductUser, [name])[name] for name in names]


@transaction.atomic
def merge_all(workspace: Workspace, *pairs: tuple[int, int]) -> Merged:
    return merge(workspace.pk, ProductUser, [Merge(loser, survivor, AT) for loser, survivor in pairs])


def counts(workspace: Workspace) -> list[int]:
    return list(
        ProductUser.objects.filter(workspace=workspace).order_by("ordinal").values_list("counts_as", flat=True)
    )


@pytest.mark.django_db
def test_merges_chain_to_the_last_survivor() -> None:
    acme = opened().workspace
    alice, bob, carla, dan = users(acme, "alice", "bob", "carla", "dan")
    assert merge_all(acme, (alice, bob)).joined == [(0, 1)]
    assert merge_all(acme, (carla, dan)).joined == [(2, 3)]
    # Alice names Bob's group and Carla Dan's.
    assert merge_all(acme, (alice, carla)).joined == [(1, 3)]
    assert counts(acme) == [3, 3, 3, 3]
    into = dict(ProductUser.objects.filter(workspace=acme).values_list("external_id", "merged_into__external_id"))
    assert into == {"alice": "bob", "bob": "dan", "carla": "dan", "dan": None}


@pytest.mark.django_db
def test_in_one_go_a_chain_ends_where_it_does_in_many() -> None:
    acme = opened().workspace
    alice, bob, carla, dan = users(acme, "alice", "bob", "carla", "dan")
    found = merge_all(acme, (alice, bob), (bob, carla), (carla, alice), (dan, alice))
    assert (found.refused, found.joined) == ({2}, [(0, 2), (1, 2), (3, 2)])
    assert counts(acme) == [2, 2, 2, 2]


@pytest.mark.django_db
def test_who_is_one_already_stays_so() -> None:
    acme = opened().workspace
    alice, bob, carla = users(acme, "alice", "bob", "carla")
    merge_all(acme, (alice, bob), (carla, bob))
    found = merge_all(acme, (alice, bob), (alice, carla), (carla, alice))
    assert (found.refused, found.joined) == (set(), [])
    assert counts(acme) == [1, 1, 1]


@pytest.mark.django_db
def test_nobody_is_merged_into_who_was_merged_into_them() -> None:
    acme = opened().workspace
    alice, bob, carla = users(acme, "alice", "bob", "carla")
    merge_all(acme, (alice, bob), (bob, carla))
    assert merge_all(acme, (bob, alice), (carla, alice), (carla, bob), (alice, alice)).refused == {0, 1, 2, 3}
    assert counts(acme) == [2, 2, 2]


@pytest.mark.django_db
def test_a_merge_stays_in_its_workspace() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    alice, bob = users(acme, "alice", "bob")
    users(other, "alice", "bob")
    merge_all(acme, (alice, bob))
    assert (counts(acme), counts(other)) == ([1, 1], [0, 1])


@pytest.mark.django_db(transaction=True)
def test_of_two_opposite_merges_at_once_the_later_is_refused() -> None:
    acme = opened().workspace
    alice, bob = users(acme, "alice", "bob")
    started, later = Event(), list[Merged]()

    def come_later() -> None:
        started.set()
        later.append(merge_all(acme, (bob, alice)))
        connection.close()

    thread = Thread(target=come_later)
    with transaction.atomic():
        assert merge_all(acme, (alice, bob)).joined == [(0, 1)]
        thread.start()
        assert started.wait(SECONDS)
        thread.join(0.3)
        assert later == []
    thread.join(SECONDS)
    assert later == [Merged(refused={0})]
    assert counts(acme) == [1, 1]
