import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.audience.icp import draft
from apps.audience.models import IcpProfile, IcpVersion, Trait
from apps.engine.sets import Space
from apps.events import icp, taxonomy
from tests.staff import staff
from tests.world import opened

pytestmark = pytest.mark.django_db

PROFILES, VERSIONS = "/admin/audience/icpprofile/", "/admin/audience/icpversion/"
RULE = [{"all": [{"name": "plan", "op": "EQUALS", "values": ["pro"]}]}]
OTHER = [{"not": True, "all": [{"name": "plan", "op": "IS_SET"}]}]


@pytest.fixture
def profile() -> IcpProfile:
    workspace = opened().workspace
    Trait.objects.create(workspace=workspace, space=Space.ACCOUNT, name="plan")
    return IcpProfile.objects.create(workspace=workspace, slug="mid-market", name="Mid-market")


def act(client: Client, action: str, *versions: IcpVersion) -> str:
    chosen = {"action": action, "_selected_action": [version.pk for version in versions]}
    return client.post(VERSIONS, chosen, follow=True).content.decode()


def add(client: Client, profile: IcpProfile, rule: Any) -> str:
    form = {"profile": profile.pk, "rule": json.dumps(rule)}
    return client.post(f"{VERSIONS}add/", form, follow=True).content.decode()


def test_a_profile_is_added_with_its_slug_for_good(admin_client: Client, profile: IcpProfile) -> None:
    form = {
        "workspace": profile.workspace_id,
        "slug": "startups",
        "name": "Startups",
        "description": "Small ones.",
    }
    admin_client.post(f"{PROFILES}add/", form)
    added = IcpProfile.objects.get(workspace=profile.workspace_id, slug="startups")
    no_rows = {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    admin_client.post(f"{PROFILES}{added.pk}/change/", {**form, **no_rows, "slug": "other", "name": "Young"})
    added.refresh_from_db()
    assert (added.slug, added.name, added.description) == ("startups", "Young", "Small ones.")


def test_a_rule_is_drafted_and_shown_in_words(admin_client: Client, profile: IcpProfile) -> None:
    add(admin_client, profile, RULE)
    add(admin_client, profile, OTHER)
    versions = IcpVersion.objects.filter(workspace=profile.workspace_id).order_by("number")
    assert [(one.number, one.status, one.rule) for one in versions] == [(1, "draft", RULE), (2, "draft", OTHER)]
    assert "not plan is known" in admin_client.get(VERSIONS).content.decode()
    assert "plan is pro" in admin_client.get(f"{PROFILES}{profile.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            [{"all": [{"name": "plam", "op": "IS_SET"}]}],
            "rule[0].all[0].name: expected a trait of this workspace; did ",
        ),
        ([{"all": [{"name": "plan", "op": "IS"}]}], "rule[0].all[0].op: expected a comparison of traits"),
        ({"all": []}, "rule: expected a list of 1 to 20 groups"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_its_path(
    admin_client: Client, profile: IcpProfile, rule: Any, expected: str
) -> None:
    assert expected in add(admin_client, profile, rule)
    assert not IcpVersion.unscoped.exists()


def test_a_draft_can_be_changed(admin_client: Client, profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    admin_client.post(f"{VERSIONS}{version.pk}/change/", {"rule": json.dumps(OTHER)})
    version.refresh_from_db()
    assert version.rule == OTHER


def test_an_approval_says_who_approved_and_what_is_counted_anew(admin_client: Client, profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    page = act(admin_client, "approve", version)
    assert "Mid-market 1 (approved). Being counted anew: icp:mid-market. Until then, answers stay." in page
    version.refresh_from_db()
    assert (version.status, version.approved_by) == ("approved", "admin")
    assert LogEntry.objects.get().change_message == "Approved."


def test_an_approved_version_is_only_looked_at(admin_client: Client, profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    icp.approve(profile.workspace_id, version.pk, "dora")
    page = f"{VERSIONS}{version.pk}/"
    assert admin_client.get(f"{page}change/").status_code == 200
    assert admin_client.post(f"{page}change/", {"rule": json.dumps(OTHER)}).status_code == 403
    assert admin_client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    version.refresh_from_db()
    assert version.rule == RULE


def test_what_cannot_be_approved_or_retired_is_said_beside_what_can(
    admin_client: Client, profile: IcpProfile
) -> None:
    first, second = draft(profile, RULE), draft(profile, OTHER)
    page = act(admin_client, "retire", first)
    assert "Mid-market 1 (draft): version: expected an approved one" in page
    act(admin_client, "approve", first, second)
    page = act(admin_client, "approve", first)
    assert "Mid-market 1 (retired): version: expected a draft" in page
    second.refresh_from_db()
    assert second.status == "approved"


def test_a_retired_profile_counts_no_more(admin_client: Client, profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    icp.approve(profile.workspace_id, version.pk, "dora")
    act(admin_client, "retire", version)
    profile.workspace.refresh_from_db()
    versions = taxonomy.versions_of(profile.workspace)
    assert "icp:mid-market" not in {*versions.current, *versions.building}


def test_only_drafts_can_be_deleted_and_profiles_never(admin_client: Client, profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    admin_client.post(f"{VERSIONS}{version.pk}/delete/", {"post": "yes"})
    assert not IcpVersion.unscoped.exists()
    assert admin_client.post(f"{PROFILES}{profile.pk}/delete/", {"post": "yes"}).status_code == 403


def test_whoever_may_only_look_cannot_approve(profile: IcpProfile) -> None:
    version = draft(profile, RULE)
    act(staff("view_icpversion"), "approve", version)
    version.refresh_from_db()
    assert version.status == "draft"


@pytest.mark.parametrize("path", [PROFILES, VERSIONS])
def test_whoever_may_not_enter_is_kept_out(client: Client, profile: IcpProfile, path: str) -> None:
    assert client.get(path).status_code == 302
    assert staff().get(path).status_code == 403
