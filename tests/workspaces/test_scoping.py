"""A queryset without a workspace raises, however it is run."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q

from apps.audience.models import ProductUser
from apps.workspaces.models import ApiKey
from apps.workspaces.scoping import WorkspaceRequired
from tests.world import act, deliver, opened

pytestmark = pytest.mark.django_db

RUNS: dict[str, Callable[[Any], object]] = {
    "list": list,
    "get": lambda users: users.get(external_id="alice"),
    "first": lambda users: users.first(),
    "count": lambda users: users.count(),
    "exists": lambda users: users.exists(),
    "iterator": lambda users: list(users.iterator()),
    "aggregate": lambda users: users.aggregate(n=Q(pk=1)),
    "update": lambda users: users.update(is_internal=True),
    "delete": lambda users: users.delete(),
    "values_list": lambda users: list(users.values_list("pk")),
    "in_bulk": lambda users: users.in_bulk([1]),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_a_queryset_without_a_workspace_raises(run: Callable[[Any], object]) -> None:
    with pytest.raises(WorkspaceRequired, match=r"ProductUser\.objects needs a workspace"):
        run(ProductUser.objects.all())


@pytest.mark.parametrize(
    "condition",
    [Q(workspace=1) | Q(pk=1), ~Q(workspace=1), Q(external_id="alice")],
    ids=["or", "not", "other field"],
)
def test_a_condition_that_leaves_other_workspaces_in_raises(condition: Q) -> None:
    with pytest.raises(WorkspaceRequired):
        list(ProductUser.objects.filter(condition))


def test_a_workspace_sees_its_own_people() -> None:
    acme, beta = opened("acme").workspace, opened("beta").workspace
    deliver(acme, act("alice", "2026-04-01T10:00:00"))
    deliver(beta, act("bob", "2026-04-01T10:00:00"))
    users = ProductUser.objects.filter(workspace=acme)
    assert [user.external_id for user in users] == ["alice"]
    assert users.filter(external_id="bob").exists() is False
    assert ProductUser.objects.filter(Q(workspace=beta) & Q(is_internal=False)).count() == 1


def test_the_unscoped_manager_sees_every_tenant() -> None:
    opened("acme")
    opened("beta")
    assert ApiKey.unscoped.count() == 6
