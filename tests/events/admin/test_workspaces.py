import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils.html import escape

from apps.events.models import EventDefinition, TaxonomyVersion
from apps.events.taxonomy import SERIES
from apps.rollups import queue
from apps.workspaces.models import Workspace
from apps.workspaces.policy import authenticate
from tests.events.admin.pages import WORKSPACES, values
from tests.world import NOW, act, deliver, opened

pytestmark = pytest.mark.django_db


def test_a_new_workspace_knows_its_taxonomy_and_shows_its_keys_once(admin_client: Client) -> None:
    form = {"slug": "acme", "name": "Acme", "timezone": "Asia/Kolkata", "reporting_currency": "INR"}
    after = admin_client.post(f"{WORKSPACES}add/", form, follow=True).content.decode()
    secrets = re.findall(r"kpi_(?:read|ingest|admin)_[\w-]{32}", after)
    callers = [authenticate(secret, NOW) for secret in secrets]
    assert [(caller.workspace.slug, caller.scope.value) for caller in callers] == [
        ("acme", "read"),
        ("acme", "ingest"),
        ("acme", "admin"),
    ]
    assert not any(secret in admin_client.get(WORKSPACES).content.decode() for secret in secrets)
    assert EventDefinition.objects.filter(workspace=callers[0].workspace, name="share.created").exists()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"slug": "acme"}, "Workspace with this Slug already exists."),
        ({"timezone": "Mars/Olympus"}, "is no IANA time zone"),
        ({"reporting_currency": "eur"}, "Three capital letters, ISO 4217."),
    ],
)
def test_a_workspace_that_cannot_be_is_refused(
    admin_client: Client, acme: Workspace, bad: dict[str, str], error: str
) -> None:
    good = {"slug": "beta", "name": "Beta", "timezone": "UTC", "reporting_currency": "EUR"}
    page = admin_client.post(f"{WORKSPACES}add/", good | bad)
    assert page.status_code == 200
    assert error in page.content.decode()
    assert Workspace.objects.count() == 1


def test_a_new_zone_restates_every_period(admin_client: Client) -> None:
    acme = opened().workspace
    deliver(acme, act("alice", "2026-04-30T20:00:00"), act("bob", "2026-04-20T10:00:00"))
    queue.settle(acme.pk)
    assert values(acme, "total_active_users") == [2]
    form = {"name": "Acme", "timezone": "Asia/Tokyo", "reporting_currency": "EUR", "slug": "other"}
    page = admin_client.post(f"{WORKSPACES}{acme.pk}/change/", form, follow=True).content.decode()
    every = ", ".join(sorted((*SERIES, "STATES")))
    assert f"Being counted anew: {escape(every)}." in page
    queue.settle(acme.pk)
    acme.refresh_from_db()
    assert (acme.slug, acme.timezone) == ("acme", "Asia/Tokyo")
    assert values(acme, "total_active_users") == [1]


def test_another_name_restates_nothing(admin_client: Client, acme: Workspace) -> None:
    form = {"name": "Acme Inc.", "timezone": "UTC", "reporting_currency": "EUR", "is_suspended": "on"}
    admin_client.post(f"{WORKSPACES}{acme.pk}/change/", form)
    acme.refresh_from_db()
    assert (acme.name, acme.is_suspended) == ("Acme Inc.", True)
    assert TaxonomyVersion.objects.filter(workspace=acme).count() == 1


def test_what_changes_while_a_page_is_saved_is_kept(rf: RequestFactory, acme: Workspace, admin_user: User) -> None:
    desk, request = admin.site.get_model_admin(Workspace), rf.post("/")
    request.user = admin_user
    read = Workspace.objects.get(pk=acme.pk)
    Workspace.objects.filter(pk=acme.pk).update(versions={"current": {}, "building": {}, "marked": True})
    data = {"name": "Acme Inc.", "timezone": "UTC", "reporting_currency": "EUR"}
    form = desk.get_form(request, read, change=True)(data, instance=read)
    assert form.is_valid(), form.errors
    desk.save_model(request, read, form, change=True)
    acme.refresh_from_db()
    assert (acme.name, acme.versions["current"]) == ("Acme Inc.", {})


def test_a_workspace_is_never_deleted_here(admin_client: Client, acme: Workspace) -> None:
    assert admin_client.post(f"{WORKSPACES}{acme.pk}/delete/", {"post": "yes"}).status_code == 403
