import pytest
from django.test import Client

from apps.events import taxonomy
from apps.events.models import ShareKind, ShareType, TaxonomyVersion
from apps.workspaces.models import Workspace
from tests.events.admin.pages import TYPES

pytestmark = pytest.mark.django_db


def test_a_share_type_gets_its_kinds(admin_client: Client, acme: Workspace) -> None:
    form = {"workspace": acme.pk, "slug": "fax", "name": "Fax", "kinds-TOTAL_FORMS": 2, "kinds-INITIAL_FORMS": 0}
    kinds = {"kinds-0-channel": "machine", "kinds-0-is_defined": "on", "kinds-1-channel": "app"}
    admin_client.post(f"{TYPES}add/", form | kinds)
    made = ShareKind.objects.filter(workspace=acme, share_type__slug="fax").order_by("channel")
    assert list(made.values_list("channel", "is_defined")) == [("app", False), ("machine", True)]


def test_a_kind_is_declared_once(admin_client: Client, acme: Workspace) -> None:
    form = {"workspace": acme.pk, "slug": "fax", "name": "Fax", "kinds-TOTAL_FORMS": 2, "kinds-INITIAL_FORMS": 0}
    page = admin_client.post(f"{TYPES}add/", form | {"kinds-0-channel": "app", "kinds-1-channel": "app"})
    assert "app is there twice: expected each channel once." in page.content.decode()
    assert not ShareType.objects.filter(workspace=acme, slug="fax").exists()


def test_a_kind_is_taken_away(admin_client: Client, acme: Workspace) -> None:
    email = ShareKind.objects.get(workspace=acme, share_type__slug="invite")
    counts = {"kinds-TOTAL_FORMS": 1, "kinds-INITIAL_FORMS": 1}
    kind = {"kinds-0-id": email.pk, "kinds-0-channel": "email", "kinds-0-DELETE": "on"}
    admin_client.post(
        f"{TYPES}{email.share_type_id}/change/", {"slug": "invite", "name": "Invite", **counts, **kind}
    )
    assert not ShareKind.objects.filter(workspace=acme, share_type__slug="invite").exists()


def test_a_change_of_kinds_is_counted_anew(admin_client: Client, acme: Workspace) -> None:
    email = ShareKind.objects.get(workspace=acme, share_type__slug="invite")
    counts = {"kinds-TOTAL_FORMS": 1, "kinds-INITIAL_FORMS": 1}
    kind = {"kinds-0-id": email.pk, "kinds-0-channel": "email"}
    page = admin_client.post(
        f"{TYPES}{email.share_type_id}/change/",
        {"slug": "invite", "name": "Invite", **counts, **kind},
        follow=True,
    )
    assert "Being counted anew: share.created. Until that is done, KPIs answer as before." in page.content.decode()
    acme.refresh_from_db()
    assert list(taxonomy.versions_of(acme).building) == ["share.created"]
    assert ("invite", "email") not in taxonomy.load(acme.pk, 2).share_kinds


def test_another_name_is_no_other_meaning(admin_client: Client, acme: Workspace) -> None:
    embed = ShareType.objects.get(workspace=acme, slug="embed")
    form = {"slug": "embed", "name": "Embedded", "kinds-TOTAL_FORMS": 0, "kinds-INITIAL_FORMS": 0}
    admin_client.post(f"{TYPES}{embed.pk}/change/", form)
    assert ShareType.objects.get(pk=embed.pk, workspace=acme).name == "Embedded"
    assert TaxonomyVersion.objects.filter(workspace=acme).count() == 1


def test_a_share_type_that_is_deleted_takes_its_kinds_along(admin_client: Client, acme: Workspace) -> None:
    link = ShareType.objects.get(workspace=acme, slug="link")
    admin_client.post(f"{TYPES}{link.pk}/delete/", {"post": "yes"})
    acme.refresh_from_db()
    assert taxonomy.load(acme.pk, 2).share_kinds == {("invite", "email")}
