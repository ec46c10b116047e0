import pytest

from apps.audience.models import ProductUser
from apps.events.hours import Whose
from apps.events.referring import referred_by
from apps.workspaces.models import Workspace
from tests.world import deliver, opened, recognise, track

pytestmark = pytest.mark.django_db

AT = "2026-04-10T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    """Alice referred Bob by her name, Carol as its user and Dave as a visitor; Erin is said not to be referred."""
    workspace = opened().workspace
    of_carol = track("referral.attributed", "alice", AT, referred_user="carol")
    of_dave = track("referral.attributed", "", AT, referred_user="dave") | {"userId": None, "anonymousId": "v-1"}
    deliver(workspace, track("referral.attributed", "bob", AT, referrer="alice"), of_carol, of_dave)
    deliver(workspace, track("referral.rejected", "erin", AT, referrer="a-partner"))
    deliver(workspace, track("referral_prompt.shown", "frank", AT, referrer="alice"))
    return workspace


def names(workspace: Workspace, whose: Whose) -> set[str]:
    ordinals = referred_by(workspace.pk, whose)
    users = ProductUser.objects.filter(workspace=workspace, ordinal__in=ordinals)
    return set(users.values_list("external_id", flat=True))


def key(workspace: Workspace, who: str) -> int:
    return ProductUser.objects.get(workspace=workspace, external_id=who).pk


def test_whom_somebody_referred(acme: Workspace) -> None:
    assert names(acme, Whose([key(acme, "alice")])) == {"bob", "carol"}
    assert names(acme, Whose([key(acme, "alice")], ["v-1"])) == {"bob", "carol", "dave"}
    assert names(acme, Whose([key(acme, "bob")], ["v-2"])) == set()
    assert names(acme, Whose()) == set()


def test_whom_a_visitor_was_when_they_were_referred(acme: Workspace) -> None:
    visit = track("referral.attributed", "", AT, referrer="alice") | {"userId": None, "anonymousId": "v-9"}
    deliver(acme, visit, recognise("v-9", "grace", AT))
    assert names(acme, Whose([key(acme, "alice")])) == {"bob", "carol", "grace"}


def test_whom_a_message_led_here(acme: Workspace) -> None:
    said = track("referral.attributed", "bob", AT)
    deliver(acme, said | {"properties": {"message": "m-1"}})
    assert names(acme, Whose(links=["m-1"])) == {"bob"}
