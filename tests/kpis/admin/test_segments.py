import json
from typing import Any

import pytest
from django.test import Client

from apps.audience.models import Segment
from apps.workspaces.models import Workspace
from tests.staff import staff
from tests.world import opened

pytestmark = pytest.mark.django_db

SEGMENTS = "/admin/audience/segment/"
SHARED = {"did": {"event": "share.created"}}


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def saved(workspace: Workspace, slug: str, condition: Any = SHARED) -> Segment:
    return Segment.objects.create(workspace=workspace, slug=slug, name=slug.title(), condition=condition)


def add(client: Client, workspace: Workspace, condition: Any) -> Any:
    form = {"workspace": workspace.pk, "slug": "sharers", "name": "Sharers", "condition": json.dumps(condition)}
    return client.post(f"{SEGMENTS}add/", form, follow=True)


def test_a_segment_is_saved_as_it_was_written(admin_client: Client, acme: Workspace) -> None:
    add(admin_client, acme, SHARED)
    segment = Segment.objects.get(workspace=acme, slug="sharers")
    assert (segment.name, segment.condition) == ("Sharers", SHARED)


def test_a_condition_that_means_nothing_is_refused_with_its_path(admin_client: Client, acme: Workspace) -> None:
    page = add(admin_client, acme, {"all": [SHARED, {"did": {"event": "share.create"}}]})
    expected = "where.all[1].did.event: expected a planned event; did you mean share.created or share.retracted?"
    assert expected in page.content.decode()
    assert not Segment.objects.filter(workspace=acme).exists()


def test_a_segment_cannot_become_part_of_itself(admin_client: Client, acme: Workspace) -> None:
    first = saved(acme, "first")
    saved(acme, "second", {"segment": "first"})
    form = {"name": "First", "condition": json.dumps({"not": {"segment": "second"}})}
    page = admin_client.post(f"{SEGMENTS}{first.pk}/change/", form)
    assert "no segment that is part of itself: first → second → first" in page.content.decode()
    first.refresh_from_db()
    assert first.condition == SHARED


def test_a_name_can_be_changed_and_the_slug_cannot(admin_client: Client, acme: Workspace) -> None:
    first = saved(acme, "first")
    form = {"name": "Whoever shares", "slug": "other", "condition": json.dumps(SHARED)}
    admin_client.post(f"{SEGMENTS}{first.pk}/change/", form)
    first.refresh_from_db()
    assert (first.name, first.slug) == ("Whoever shares", "first")


def test_another_workspaces_segment_cannot_be_named(admin_client: Client, acme: Workspace) -> None:
    saved(opened("other").workspace, "theirs")
    page = add(admin_client, acme, {"segment": "theirs"})
    assert "where.segment: expected a saved segment of this workspace" in page.content.decode()


def test_a_segment_that_is_part_of_another_is_kept(admin_client: Client, acme: Workspace) -> None:
    first = saved(acme, "first")
    saved(acme, "second", {"all": [{"segment": "first"}]})
    page = admin_client.post(f"{SEGMENTS}{first.pk}/delete/", {"post": "yes"}, follow=True)
    assert "First is part of Second" in page.content.decode()
    both = {"action": "delete_selected", "_selected_action": list(Segment.unscoped.values_list("pk", flat=True))}
    admin_client.post(SEGMENTS, both | {"post": "yes"})
    assert not Segment.objects.filter(workspace=acme).exists()


def test_whoever_may_not_enter_is_kept_out(client: Client, acme: Workspace) -> None:
    assert client.get(SEGMENTS).status_code == 302
    assert staff().get(SEGMENTS).status_code == 403
