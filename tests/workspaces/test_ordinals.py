import pytest
from django.db import transaction

from apps.audience.models import ProductUser
from apps.engine.sets import Space
from apps.workspaces import ordinals
from apps.workspaces.models import Ordinals
from apps.workspaces.ordinals import OrdinalsExhausted
from tests.world import act, deliver, opened

pytestmark = pytest.mark.django_db


def test_ordinals_are_dense_from_zero_in_each_workspace() -> None:
    acme, beta = opened("acme").workspace, opened("beta").workspace
    deliver(acme, *(act(who, "2026-04-01T10:00:00") for who in ("alice", "bob", "charlie")))
    deliver(beta, act("alice", "2026-04-01T10:00:00"))
    deliver(acme, act("bob", "2026-04-02T10:00:00"), act("dora", "2026-04-02T10:00:00"))
    rows = ProductUser.objects.filter(workspace=acme).order_by("ordinal").values_list("external_id", "ordinal")
    assert list(rows) == [("alice", 0), ("bob", 1), ("charlie", 2), ("dora", 3)]
    assert ProductUser.objects.get(workspace=beta).ordinal == 0


def test_an_ordinal_given_out_in_a_transaction_that_failed_is_given_out_again() -> None:
    acme = opened().workspace
    with transaction.atomic():
        assert ordinals.take(ordinals.lock(acme.pk, Space.USER), 5) == range(5)
        transaction.set_rollback(True)
    with transaction.atomic():
        assert ordinals.take(ordinals.lock(acme.pk, Space.USER), 1) == range(1)


def test_running_out_of_ordinals_is_an_error_and_takes_none() -> None:
    acme = opened().workspace
    Ordinals.objects.filter(workspace=acme, space=Space.USER).update(next=2**32 - 1)
    with transaction.atomic():
        assert ordinals.take(ordinals.lock(acme.pk, Space.USER), 1) == range(2**32 - 1, 2**32)
        with pytest.raises(OrdinalsExhausted, match="holds 4,294,967,296 ordinals and has 0 left"):
            ordinals.take(ordinals.lock(acme.pk, Space.USER), 1)
