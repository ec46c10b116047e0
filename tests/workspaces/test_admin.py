import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from apps.workspaces.models import ApiKey, EmbedKey, Scope
from apps.workspaces.policy import Refused, authenticate
from tests.staff import staff
from tests.world import opened

pytestmark = pytest.mark.django_db

KEYS, EMBED_KEYS = "/admin/workspaces/apikey/", "/admin/workspaces/embedkey/"
SECRET = re.compile(r"kpi_(?:read|ingest|admin)_[\w-]{32}")


def test_a_new_key_is_shown_once(admin_client: Client) -> None:
    acme = opened().workspace
    form = {"workspace": acme.pk, "name": "Importer", "scope": "ingest", "source": "crm"}
    after = admin_client.post(f"{KEYS}add/", form, follow=True).content.decode()
    (secret,) = SECRET.findall(after)
    caller = authenticate(secret, now())
    assert (caller.workspace, caller.scope, caller.source) == (acme, Scope.INGEST, "crm")
    key = ApiKey.objects.get(workspace=acme, name="Importer")
    for page in (KEYS, f"{KEYS}{key.pk}/change/", f"{KEYS}{key.pk}/history/"):
        assert secret not in admin_client.get(page).content.decode()


def test_no_page_shows_what_is_stored_of_a_key(admin_client: Client) -> None:
    acme = opened()
    key = ApiKey.objects.get(workspace=acme.workspace, scope=Scope.READ)
    page = admin_client.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert key.hint in page
    assert "First key" in page
    assert "digest" not in page
    assert bytes(key.digest).hex() not in page


def test_a_revoked_key_is_refused_and_kept(admin_client: Client) -> None:
    acme = opened()
    keys = ApiKey.objects.filter(workspace=acme.workspace)
    read = keys.get(scope=Scope.READ)
    chosen = {"action": "revoke", "_selected_action": [read.pk]}
    assert "Revoked: 1." in admin_client.post(KEYS, chosen, follow=True).content.decode()
    assert "Revoked: 0." in admin_client.post(KEYS, chosen, follow=True).content.decode()
    with pytest.raises(Refused, match="revoked"):
        authenticate(acme.read_key, now())
    assert authenticate(acme.ingest_key, now()).scope == Scope.INGEST
    assert admin_client.get(f"{KEYS}{read.pk}/delete/").status_code == 403
    assert "Revoked." in admin_client.get(f"{KEYS}{read.pk}/history/").content.decode()


def test_a_key_can_be_given_an_end(admin_client: Client) -> None:
    acme = opened()
    read = ApiKey.objects.get(workspace=acme.workspace, scope=Scope.READ)
    tomorrow = now() + timedelta(days=1)
    form = {"name": "Dashboard", "expires_at_0": f"{tomorrow:%Y-%m-%d}", "expires_at_1": "00:00:00"}
    assert admin_client.post(f"{KEYS}{read.pk}/change/", form).status_code == 302
    read.refresh_from_db()
    assert (read.name, f"{read.expires_at:%Y-%m-%d %H:%M}") == ("Dashboard", f"{tomorrow:%Y-%m-%d} 00:00")
    assert authenticate(acme.read_key, now()).scope == Scope.READ


def test_scope_and_source_of_a_key_stay(admin_client: Client) -> None:
    acme = opened()
    read = ApiKey.objects.get(workspace=acme.workspace, scope=Scope.READ)
    form = {"name": "Sneaky", "scope": "admin", "source": "other", "expires_at_0": "", "expires_at_1": ""}
    admin_client.post(f"{KEYS}{read.pk}/change/", form)
    read.refresh_from_db()
    assert (read.name, read.scope, read.source) == ("Sneaky", "read", "default")


def test_an_embed_key_is_made_shown_and_revoked(admin_client: Client) -> None:
    acme = opened().workspace
    admin_client.post(f"{EMBED_KEYS}add/", {"workspace": acme.pk, "name": "Website"})
    key = EmbedKey.objects.get(workspace=acme)
    page = admin_client.get(f"{EMBED_KEYS}{key.pk}/change/").content.decode()
    assert key.kid in page
    assert key.secret in page
    assert key.secret not in admin_client.get(EMBED_KEYS).content.decode()
    admin_client.post(EMBED_KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_only_a_superuser_sees_the_secret_of_an_embed_key() -> None:
    key = EmbedKey.objects.create(workspace=opened().workspace, name="Website")
    page = staff("view_embedkey", "change_embedkey").get(f"{EMBED_KEYS}{key.pk}/change/")
    assert page.status_code == 200
    assert key.kid in page.content.decode()
    assert key.secret not in page.content.decode()


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}add/", EMBED_KEYS, f"{EMBED_KEYS}add/"])
def test_pages_open_for_a_superuser_alone(admin_client: Client, client: Client, path: str) -> None:
    EmbedKey.objects.create(workspace=opened("acme").workspace, name="Website")
    page = admin_client.get(path)
    assert page.status_code == 200
    assert "Acme" in page.content.decode()
    assert client.get(path).status_code == 302
    assert staff().get(path).status_code == 403


def test_markers_are_no_admin_page(admin_client: Client) -> None:
    assert admin_client.get("/admin/workspaces/marker/").status_code == 404
