import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from apps.workspaces.desk import LISTED, Desk, NewestPages
from apps.workspaces.models import ApiKey, Workspace
from tests.world import opened

OURS = [
    model
    for model in apps.get_models()
    if model.__module__.startswith("apps.") and admin.site.is_registered(model)
]


def test_every_page_of_ours_is_a_desk() -> None:
    assert {model.__name__ for model in OURS} == {
        "Account", "ApiKey", "EmbedKey", "Event", "EventDefinition", "IcpProfile", "IcpVersion", "ImportRun",
        "ProductUser", "ReferralMessage", "RejectedEvent", "Rollup", "Segment", "ShareEvent", "ShareType",
        "Workspace",
    }  # fmt: skip
    assert [model for model in OURS if not isinstance(admin.site.get_model_admin(model), Desk)] == []


@pytest.mark.parametrize(
    "lookup", ["digest__startswith=a", "workspace__name__startswith=A", "hint=kpi_", "id__gt=1"]
)
@pytest.mark.django_db
def test_what_no_list_offers_is_refused(admin_client: Client, lookup: str) -> None:
    opened()
    assert admin_client.get(f"/admin/workspaces/apikey/?{lookup}").status_code == 400


@pytest.mark.django_db
def test_what_a_list_offers_is_answered(admin_client: Client) -> None:
    acme = opened("acme")
    opened("beta")
    page = admin_client.get(
        f"/admin/workspaces/apikey/?workspace__id__exact={acme.workspace.pk}&scope__exact=read"
    )
    listed = list(page.context["cl"].result_list)
    assert listed == [ApiKey.objects.get(workspace=acme.workspace, scope="read")]


@pytest.mark.django_db
def test_rows_are_counted_no_further_than_they_are_listed() -> None:
    Workspace.objects.bulk_create(Workspace(slug=f"w{n}", name="W") for n in range(LISTED + 1))
    assert NewestPages(Workspace.objects.order_by("pk"), 100).count == LISTED
