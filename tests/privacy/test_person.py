import pytest

from apps.audience.models import ProductUser
from apps.privacy.person import UnknownPerson, devices, find
from apps.workspaces.models import Workspace
from tests.privacy.alice import tell_of_her, visit
from tests.world import act, deliver, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    tell_of_her(workspace)
    return workspace


def test_any_of_the_ids_finds_the_whole_person(acme: Workspace) -> None:
    found = find(acme.pk, "alice-2")

    assert found == find(acme.pk, "alice-1")
    assert (found.external_ids, found.anonymous_ids) == (("alice-1", "alice-2"), ("cookie-a", "cookie-b"))
    assert found.ids == ("alice-1", "alice-2", "cookie-a", "cookie-b")
    users = ProductUser.objects.filter(workspace=acme, pk__in=found.users)
    assert {user.ordinal for user in users} == set(found.ordinals)
    assert users.get(external_id="alice-1").ordinal == found.ordinal


def test_a_device_is_theirs_unless_others_use_it_too(acme: Workspace) -> None:
    deliver(
        acme,
        {**act("alice-1", "2026-04-05T00:00:00"), "anonymousId": "phone"},
        visit("phone", "2026-04-06T00:00:00"),
        {**act("alice-1", "2026-04-05T00:00:00"), "anonymousId": "kiosk"},
        {**act("bob", "2026-04-05T00:00:00"), "anonymousId": "kiosk"},
    )
    assert set(devices(find(acme.pk, "alice-1"))) == {"cookie-a", "cookie-b", "phone"}
    assert find(acme.pk, "alice-1", ["phone"]).anonymous_ids == ("cookie-a", "cookie-b", "phone")


@pytest.mark.parametrize("nobody", ["Alice-1", "alice", "cookie-a"])
def test_an_id_is_matched_whole_and_is_a_users(acme: Workspace, nobody: str) -> None:
    with pytest.raises(UnknownPerson, match=f"nobody has the id {nobody}; it is matched whole"):
        find(acme.pk, nobody)


def test_another_workspaces_people_are_nobody(acme: Workspace) -> None:
    with pytest.raises(UnknownPerson):
        find(opened("other").workspace.pk, "alice-1")
    assert find(acme.pk, "alice-1")
