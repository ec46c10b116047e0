"""Names of traits are listed once a space, and histories keep whatever was said."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.audience import statements
from apps.audience.models import ProductUser, Trait, TraitChange
from apps.workspaces.models import Workspace
from tests.people import group, identify
from tests.world import deliver, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def listed(workspace: Workspace) -> list[tuple[str, str]]:
    return sorted(Trait.objects.filter(workspace=workspace).values_list("space", "name"))


def test_a_trait_is_listed_once_for_users_and_once_for_accounts(acme: Workspace) -> None:
    deliver(acme, identify("alice", plan="pro"), identify("bob", plan="free", role="editor"))
    deliver(acme, identify("carla", plan="team"), group("alice", "initech", plan="pro"))
    assert listed(acme) == [("account", "plan"), ("user", "plan"), ("user", "role")]
    other = opened("other").workspace
    deliver(other, identify("alice", plan="pro"))
    assert listed(other) == [("user", "plan")]


def test_a_name_that_is_too_long_is_cut(acme: Workspace) -> None:
    deliver(acme, identify("alice", **{"é" * 120: "pro"}))
    assert listed(acme) == [("user", "é" * 100)]
    assert TraitChange.objects.get(workspace=acme).name == "é" * 100


def test_nothing_said_asks_the_database_nothing(
    acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        statements.describe(acme.pk, ProductUser, [])
        statements.recognise(acme.pk, [])
        statements.join(acme.pk, [])
