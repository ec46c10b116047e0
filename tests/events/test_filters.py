from collections.abc import Mapping

import pytest

from apps.events.filters import EventFilter, ReferralMessageFilter, RejectedEventFilter, ShareEventFilter
from apps.events.models import Event, RejectedEvent
from apps.workspaces.models import Workspace
from tests.world import NOW, act, deliver, opened, share, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    in_initech = {**act("bob", "2026-04-02T10:00:00"), "context": {"groupId": "initech"}}
    deliver(
        workspace,
        act("alice", "2026-04-01T10:00:00"),
        in_initech,
        share("alice", "2026-04-03T10:00:00", object_type="doc"),
        share("charlie", "2026-04-04T10:00:00", share_type="link", share_scope="content", channel="social"),
        track(
            "referral_message.sent", "bob", "2026-04-05T10:00:00", message_customized=True, source_channel="app"
        ),
    )
    return workspace


def days(workspace: Workspace, filters: type[EventFilter], **given: str) -> list[int]:
    """On which days of April the found events happened."""
    found = filters(given, Event.objects.filter(workspace=workspace).order_by("occurred_at"))
    assert found.is_valid(), found.errors
    return [event.occurred_at.day for event in found.qs]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"definition": "action.performed"}, [1, 2]),
        ({"definition": "action"}, []),
        ({"user": "alice"}, [1, 3]),
        ({"account": "initech"}, [2]),
        ({"channel": "email"}, [3]),
        ({"occurred_from": "2026-04-03T10:00:00Z"}, [3, 4, 5]),
        ({"occurred_before": "2026-04-03T10:00:00Z"}, [1, 2]),
        ({"occurred_from": "2026-04-02T12:00", "occurred_before": "2026-04-04T12:00+02:00"}, [3]),
        ({"user": "alice", "definition": "share.created"}, [3]),
    ],
)
def test_events_are_found(acme: Workspace, given: Mapping[str, str], expected: list[int]) -> None:
    assert days(acme, EventFilter, **given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"share_type": "link"}, [4]),
        ({"share_scope": "product"}, [3]),
        ({"object_type": "doc"}, [3]),
        ({"is_error": "true"}, []),
    ],
)
def test_shares_are_found(acme: Workspace, given: Mapping[str, str], expected: list[int]) -> None:
    assert days(acme, ShareEventFilter, **given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"customized": "true"}, [5]), ({"customized": "false"}, []), ({"source_channel": "app"}, [5])],
)
def test_referral_messages_are_found(acme: Workspace, given: Mapping[str, str], expected: list[int]) -> None:
    assert days(acme, ReferralMessageFilter, **given) == expected


@pytest.mark.parametrize("value", ["soon", "2026-13-01T00:00", "2026-04-01T25:00"])
def test_a_bad_instant_is_an_error_of_its_field(value: str) -> None:
    found = EventFilter({"occurred_from": value}, Event.unscoped.all())
    assert found.errors == {"occurred_from": ["Enter a valid date/time."]}


def test_rejected_events_are_found(acme: Workspace) -> None:
    rows = [
        RejectedEvent(workspace=acme, received_at=NOW, code=code, reason="", message_id=f"m-{code}", body="{}")
        for code in ("too_old", "wrong_type")
    ]
    RejectedEvent.objects.bulk_create(rows)
    every = RejectedEvent.objects.filter(workspace=acme).order_by("code")
    codes = {
        name: [row.code for row in RejectedEventFilter(given, every).qs]
        for name, given in {
            "code": {"code": "too_old"},
            "id": {"message_id": "m-wrong_type"},
            "before": {"received_before": NOW.isoformat()},
            "from": {"received_from": NOW.isoformat()},
        }.items()
    }
    assert codes == {"code": ["too_old"], "id": ["wrong_type"], "before": [], "from": ["too_old", "wrong_type"]}
