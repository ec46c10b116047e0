import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from apps.audience.models import Suppression
from apps.audience.suppression import digest, suppressed
from tests.world import opened

pytestmark = pytest.mark.django_db


def test_an_erased_id_is_found_again_in_its_workspace_alone() -> None:
    acme, other = opened("acme").workspace, opened("other").workspace
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "alice"))
    assert suppressed(acme.pk, ["alice", "bob", "Alice"]) == {"alice"}
    assert suppressed(other.pk, ["alice"]) == set()


def test_however_many_ids_are_asked_about_at_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    acme = opened().workspace
    with django_assert_num_queries(1):
        assert suppressed(acme.pk, (f"user-{number}" for number in range(1000))) == set()
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "user-7"))
    with django_assert_num_queries(2):
        assert suppressed(acme.pk, (f"user-{number}" for number in range(1000))) == {"user-7"}


def test_without_the_secret_nobody_can_try_ids() -> None:
    with override_settings(SECRET_KEY="one"):
        first = digest(1, "alice")
    with override_settings(SECRET_KEY="another"):
        assert digest(1, "alice") != first
    assert len(first) == 32
