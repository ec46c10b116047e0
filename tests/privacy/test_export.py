import json

import pytest

from apps.events import ingest
from apps.events.ingest import Delivery
from apps.events.messages import Terms
from apps.privacy.export import export
from apps.privacy.person import UnknownPerson
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.privacy.alice import EMAIL, NAME, QUIRK, found_in, tell_of_her
from tests.world import NOW, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    tell_of_her(workspace)
    return workspace


def test_everything_that_is_held_of_a_person(acme: Workspace) -> None:
    queue.settle(acme.pk)
    bad = {"type": "track", "userId": "alice-2", "messageId": "bad-1"}
    delivery = Delivery(acme.pk, "default", [bad], Terms(now=NOW))
    ingest.store(delivery, within=lambda outcome: ingest.keep_rejected(delivery, outcome))

    told = json.loads("".join(export(acme.pk, "alice-1")))

    assert told["ids"] == ["alice-1", "alice-2"]
    assert told["anonymous_ids"] == ["cookie-a", "cookie-b"]
    assert [(one["external_id"], one["merged_into__external_id"]) for one in told["users"]] == [
        ("alice-1", None),
        ("alice-2", "alice-1"),
    ]
    assert [(one["anonymous_id"], one["user"]) for one in told["aliases"]] == [
        ("cookie-a", "alice-1"),
        ("cookie-b", "alice-2"),
    ]
    traits = {(one["user"], one["name"]): one["value"] for one in told["traits"]}
    assert traits == {
        ("alice-1", "email"): EMAIL,
        ("alice-1", "name"): NAME,
        ("alice-1", "plan"): "pro",
        ("alice-1", "quirk"): QUIRK,
        ("alice-2", "pet"): "Dinah",
    }
    assert [(one["account"], one["is_member"]) for one in told["memberships"]] == [("acme-inc", True)]
    events = [(one["event"], one["user"], one["occurred_at"]) for one in told["events"]]
    assert events[0] == ("action.performed", None, "2026-04-01T08:00:00+00:00")
    assert ("user.signed_up", "alice-1", "2026-04-02T09:00:00+00:00") in events
    assert len(told["events"]) == 9
    shared = next(one for one in told["events"] if one["event"] == "share.created")
    assert (shared["session"], shared["share_type"], shared["properties"]["to"]) == (
        "session-a",
        "invite",
        "Dinah",
    )
    states = {one["series"]: (json.loads(one["value"]), one["first_day"]) for one in told["states"]}
    assert states["user:trait:quirk"] == (QUIRK, "2026-04-02")
    assert states["user:trait:industry"] == ("tea", "2026-04-07")
    assert [(one["code"], one["message_id"]) for one in told["rejected"]] == [("empty_event_name", "bad-1")]


def test_nothing_of_anybody_else(acme: Workspace) -> None:
    assert found_in("".join(export(acme.pk, "carla")), ["alice", "bob", EMAIL]) == []


def test_nobody_has_nothing(acme: Workspace) -> None:
    with pytest.raises(UnknownPerson):
        export(acme.pk, "dinah")
