import pytest
from pytest_django import DjangoAssertNumQueries

from apps.audience.identity import resolve
from apps.audience.models import Account, ProductUser
from apps.audience.people import external_ids
from apps.engine.sets import Space
from tests.world import opened

pytestmark = pytest.mark.django_db


def test_ordinals_lead_back_to_the_senders_ids_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    acme = opened().workspace
    resolve(acme.pk, ProductUser, ["alice", "bob", "carol"])
    resolve(acme.pk, Account, ["initech"])

    with django_assert_num_queries(1):
        assert external_ids(acme.pk, Space.USER, [0, 2, 7]) == {0: "alice", 2: "carol"}
    assert external_ids(acme.pk, Space.ACCOUNT, [0]) == {0: "initech"}


def test_nobody_of_another_workspace_is_found() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    resolve(acme.pk, ProductUser, ["alice"])

    assert external_ids(other.pk, Space.USER, [0]) == {}
