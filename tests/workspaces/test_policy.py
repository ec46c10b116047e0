from datetime import timedelta

import pytest

from apps.workspaces.models import ApiKey, Scope
from apps.workspaces.policy import Refused, authenticate, require
from tests.world import NOW, opened

pytestmark = pytest.mark.django_db


def test_a_key_stands_for_its_workspace_scope_and_source() -> None:
    acme = opened()
    caller = authenticate(acme.ingest_key, NOW)
    assert (caller.workspace, caller.scope, caller.source) == (acme.workspace, Scope.INGEST, "default")


def test_the_database_does_not_hold_the_key() -> None:
    acme = opened()
    stored = ApiKey.objects.get(workspace=acme.workspace, scope=Scope.READ)
    assert len(bytes(stored.digest)) == 32
    assert acme.read_key.startswith(stored.hint)
    assert acme.read_key not in str(ApiKey.unscoped.values().get(pk=stored.pk))


@pytest.mark.parametrize("secret", ["kpi_read_guessed", "null", "x" * 5000])
def test_an_unknown_key_is_refused(secret: str) -> None:
    opened()
    with pytest.raises(Refused) as refused:
        authenticate(secret, NOW)
    assert (refused.value.status, refused.value.code) == (401, "KEY_INVALID")


def test_no_key_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        authenticate("", NOW)
    assert (refused.value.status, refused.value.code) == (401, "KEY_MISSING")


def test_a_revoked_key_is_refused() -> None:
    acme = opened()
    ApiKey.objects.filter(workspace=acme.workspace, scope=Scope.READ).update(revoked_at=NOW)
    with pytest.raises(Refused, match="revoked"):
        authenticate(acme.read_key, NOW)


def test_a_key_is_valid_until_the_instant_it_expires() -> None:
    acme = opened()
    ApiKey.objects.filter(workspace=acme.workspace, scope=Scope.READ).update(expires_at=NOW)
    assert authenticate(acme.read_key, NOW - timedelta(microseconds=1)).scope == Scope.READ
    with pytest.raises(Refused):
        authenticate(acme.read_key, NOW)


def test_a_scope_is_required() -> None:
    caller = authenticate(opened().read_key, NOW)
    require(caller, Scope.READ, Scope.ADMIN)
    with pytest.raises(Refused) as refused:
        require(caller, Scope.INGEST, Scope.ADMIN)
    assert (refused.value.status, refused.value.code) == (403, "SCOPE_MISSING")
    assert refused.value.message == "This key has the scope read; this needs ingest or admin."


def test_a_suspended_workspace_is_refused() -> None:
    acme = opened()
    acme.workspace.is_suspended = True
    acme.workspace.save()
    with pytest.raises(Refused) as refused:
        require(authenticate(acme.read_key, NOW), Scope.READ)
    assert (refused.value.status, refused.value.code) == (403, "WORKSPACE_SUSPENDED")
