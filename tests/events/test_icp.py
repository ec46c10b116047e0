from collections.abc import Mapping

import pytest

from apps.audience.icp import draft
from apps.audience.models import IcpProfile, IcpVersion
from apps.engine.refusals import Refusal
from apps.events import icp, taxonomy
from apps.events.models import EventDefinition
from apps.workspaces.models import Workspace
from tests.world import opened

pytestmark = pytest.mark.django_db

RULE = [{"all": [{"name": "plan", "op": "EQUALS", "values": ["pro"]}]}]
OTHER = [{"all": [{"name": "plan", "op": "IS_SET"}]}]


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def profile(workspace: Workspace, slug: str = "mid-market") -> IcpProfile:
    return IcpProfile.objects.create(workspace=workspace, slug=slug, name=slug)


def approved(of: IcpProfile, rule: object = RULE) -> IcpVersion:
    version = draft(of, rule)
    icp.approve(of.workspace_id, version.pk, "dora")
    version.refresh_from_db()
    return version


def switch(workspace: Workspace) -> None:
    """What the worker does once all is built."""
    workspace.refresh_from_db()
    workspace.versions = taxonomy.switched(workspace.versions)
    workspace.save()


def in_force(workspace: Workspace) -> Mapping[str, int]:
    workspace.refresh_from_db()
    return taxonomy.profiles_of(workspace)


def building(workspace: Workspace) -> set[str]:
    workspace.refresh_from_db()
    return set(taxonomy.versions_of(workspace).building)


def test_an_approved_version_says_who_approved_it_and_is_built_before_it_counts(acme: Workspace) -> None:
    version = approved(profile(acme))
    assert (version.status, version.approved_by, version.approved_at is not None) == ("approved", "dora", True)
    assert (building(acme), in_force(acme)) == ({"icp:mid-market"}, {})
    switch(acme)
    assert (building(acme), in_force(acme)) == (set(), {"mid-market": 1})
    frozen = taxonomy.load(acme.pk, acme.versions["current"]["icp:mid-market"])
    assert (frozen.icp, frozen.icp_numbers) == ({"mid-market": RULE}, {"mid-market": 1})


def test_the_version_before_is_retired_and_counts_until_the_switch(acme: Workspace) -> None:
    mid_market = profile(acme)
    first = approved(mid_market)
    switch(acme)
    approved(mid_market, OTHER)
    first.refresh_from_db()
    assert (first.status, first.retired_at is not None) == ("retired", True)
    assert in_force(acme) == {"mid-market": 1}
    switch(acme)
    assert in_force(acme) == {"mid-market": 2}


def test_of_several_profiles_only_the_changed_one_is_built(acme: Workspace) -> None:
    approved(profile(acme))
    switch(acme)
    enterprise = draft(profile(acme, "enterprise"), OTHER)
    assert icp.approve(acme.pk, enterprise.pk, "dora") == ["icp:enterprise"]
    switch(acme)
    assert in_force(acme) == {"enterprise": 1, "mid-market": 1}


def test_another_zone_builds_every_profile_anew(acme: Workspace) -> None:
    approved(profile(acme))
    switch(acme)
    acme.timezone = "Asia/Tokyo"
    acme.save()
    assert "icp:mid-market" in taxonomy.publish(acme.pk)


def test_a_retired_profile_is_gone_at_once_where_nothing_else_changes(acme: Workspace) -> None:
    version = approved(profile(acme))
    switch(acme)
    assert icp.retire(acme.pk, version.pk) == []
    version.refresh_from_db()
    assert (version.status, in_force(acme)) == ("retired", {})


def test_a_retired_profile_goes_with_the_switch_of_what_else_changes(acme: Workspace) -> None:
    version = approved(profile(acme))
    switch(acme)
    EventDefinition.objects.filter(workspace=acme, name="feature.used").update(is_activity=False)
    assert icp.retire(acme.pk, version.pk) == ["ACTIVITY"]
    assert in_force(acme) == {"mid-market": 1}
    switch(acme)
    assert in_force(acme) == {}


def test_a_profile_that_was_retired_comes_back_with_its_next_version(acme: Workspace) -> None:
    mid_market = profile(acme)
    first = approved(mid_market)
    switch(acme)
    icp.retire(acme.pk, first.pk)
    approved(mid_market)
    switch(acme)
    assert in_force(acme) == {"mid-market": 2}


def test_only_a_draft_is_approved_and_only_what_is_approved_is_retired(acme: Workspace) -> None:
    version = approved(profile(acme))
    with pytest.raises(Refusal, match="version: expected a draft"):
        icp.approve(acme.pk, version.pk, "dora")
    icp.retire(acme.pk, version.pk)
    with pytest.raises(Refusal, match="version: expected an approved one"):
        icp.retire(acme.pk, version.pk)


def test_another_workspaces_version_is_not_found(acme: Workspace) -> None:
    version = draft(profile(acme), RULE)
    with pytest.raises(IcpVersion.DoesNotExist):
        icp.approve(opened("other").workspace.pk, version.pk, "mallory")
