import json
from typing import Any

import pytest

from apps.audience.models import ProductUser, Segment
from apps.events.models import Event
from apps.events.opening import Opened
from tests.api.conftest import Api
from tests.rollups.elsewhere import storing
from tests.world import act, deliver, opened

SHARED = {"did": {"event": "share.created", "lastDays": 30}}
DEFINE = """mutation ($slug: String!, $name: String!, $where: SegmentInput!) {
    defineSegment(slug: $slug, name: $name, where: $where) { slug name condition }
}"""
ERASE = "mutation ($id: String!, $hard: Boolean!) { erasePerson(externalId: $id, hard: $hard) { isHard rows } }"


@pytest.fixture
def admin(empty: Opened) -> Api:
    return Api(empty.admin_key)


def define(api: Api, **changed: Any) -> Any:
    said = {"slug": "sharers", "name": "Shared lately", "where": SHARED, **changed}
    return api.post(DEFINE, **said).json()


def code(answer: Any) -> str:
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])


def test_a_segment_is_defined_and_then_replaced(empty: Opened, admin: Api) -> None:
    saved = define(admin)["data"]["defineSegment"]
    assert (saved["slug"], saved["name"], json.loads(saved["condition"])) == (
        "sharers",
        "Shared lately",
        {"did": {"event": "share.created", "atLeast": 1, "lastDays": 30}},
    )
    define(admin, name="Silent lately", where={"not": SHARED})
    assert Segment.objects.get(workspace=empty.workspace).name == "Silent lately"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"slug": "two words"}, "BAD_SLUG"),
        ({"name": ""}, "BAD_NAME"),
        ({"where": {"segment": "sharers"}}, "SEGMENT_CYCLE"),
        ({"where": {"did": {"event": "share.made"}}}, "UNKNOWN_EVENT"),
    ],
)
def test_a_segment_that_cannot_be_is_one_clean_refusal(admin: Api, changed: dict[str, Any], expected: str) -> None:
    assert code(define(admin, **changed)) == expected
    assert not Segment.unscoped.exists()


def test_a_read_key_changes_nothing(empty: Opened, api: Api) -> None:
    deliver(empty.workspace, act("alice", "2026-04-02T09:00:00"))
    assert code(define(api)) == "SCOPE_MISSING"
    assert code(api.post(ERASE, id="alice", hard=False).json()) == "SCOPE_MISSING"
    assert not Segment.unscoped.exists()
    assert ProductUser.objects.filter(workspace=empty.workspace, external_id="alice").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("hard", "events"), [(False, 1), (True, 0)])
def test_a_person_is_erased_with_or_without_their_events(hard: bool, events: int) -> None:
    acme = opened()
    deliver(acme.workspace, act("alice", "2026-04-02T09:00:00"))
    erased = Api(acme.admin_key).data(ERASE, id="alice", hard=hard)["erasePerson"]
    assert erased["isHard"] is hard
    assert erased["rows"] > 0
    assert not ProductUser.objects.filter(workspace=acme.workspace, external_id="alice").exists()
    assert Event.objects.filter(workspace=acme.workspace).count() == events


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["bob", "", "\0", "\ud800", "alice"])
def test_whom_nobody_knows_cannot_be_erased(who: str) -> None:
    deliver(opened("other").workspace, act("alice", "2026-04-02T09:00:00"))
    assert code(Api(opened().admin_key).post(ERASE, id=who, hard=False).json()) == "UNKNOWN_PERSON"


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_others_keep_out_says_so_and_is_done_when_sent_again() -> None:
    acme = opened()
    deliver(acme.workspace, act("alice", "2026-04-02T09:00:00"))
    admin = Api(acme.admin_key)
    with storing(acme.workspace, act("bob", "2026-04-02T09:00:00")):
        assert code(admin.post(ERASE, id="alice", hard=False).json()) == "ERASURE_UNFINISHED"
    assert admin.data(ERASE, id="alice", hard=False)["erasePerson"]["isHard"] is False
