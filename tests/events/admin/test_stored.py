import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.events.models import (
    Event,
    EventDefinition,
    ImportRun,
    ReferralMessage,
    RejectedEvent,
    ShareEvent,
    ShareType,
)
from apps.workspaces.models import Workspace
from tests.events.admin.pages import DEFINITIONS, SCRIPT, TYPES, WORKSPACES, listed, listing
from tests.staff import staff
from tests.world import act, deliver, opened, share, track

pytestmark = pytest.mark.django_db

MODELS = (Event, EventDefinition, ImportRun, ReferralMessage, RejectedEvent, ShareEvent, ShareType)
READ_ONLY = (Event, ImportRun, ReferralMessage, RejectedEvent, ShareEvent)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Event, "action.performed"),
        (EventDefinition, "Doc Shared"),
        (ImportRun, "66,155 read, to be continued"),
        (ReferralMessage, "charlie"),
        (RejectedEvent, "Too old."),
        (ShareEvent, "invite"),
        (ShareType, "Invite"),
    ],
)
def test_a_list_and_its_rows_open(admin_client: Client, acme: Workspace, model: type[Any], named: str) -> None:
    page = admin_client.get(listing(model))
    assert page.status_code == 200
    assert named in page.content.decode()
    for row in page.context["cl"].result_list:
        assert admin_client.get(f"{listing(model)}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("path", [f"{WORKSPACES}add/", f"{DEFINITIONS}add/", f"{TYPES}add/", WORKSPACES])
def test_other_pages_open(admin_client: Client, acme: Workspace, path: str) -> None:
    assert admin_client.get(path).status_code == 200


@pytest.mark.parametrize("model", [*MODELS, Workspace])
def test_whoever_may_not_enter_is_kept_out(client: Client, acme: Workspace, model: type[Any]) -> None:
    path = WORKSPACES if model is Workspace else listing(model)
    assert client.get(path).status_code == 302
    assert staff().get(path).status_code == 403


def test_a_permission_opens_its_page_alone(acme: Workspace) -> None:
    dora = staff("view_event")
    assert dora.get(listing(Event)).status_code == 200
    assert dora.get(DEFINITIONS).status_code == 403


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_happened_is_not_edited(admin_client: Client, acme: Workspace, model: type[Any]) -> None:
    row = model.unscoped.last()
    path = f"{listing(model)}{row.pk}"
    assert admin_client.get(f"{listing(model)}add/").status_code == 403
    assert admin_client.post(f"{path}/change/", {}).status_code == 403
    assert admin_client.get(f"{path}/delete/").status_code == 403


def test_markup_in_what_was_sent_is_text(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, track(SCRIPT, SCRIPT, "2026-04-06T10:00:00", channel=SCRIPT, note=SCRIPT))
    event = Event.objects.filter(workspace=acme).latest("pk")
    definition = EventDefinition.objects.get(workspace=acme, name=SCRIPT)
    rejected = RejectedEvent.objects.get(workspace=acme)
    for path in (
        DEFINITIONS,
        f"{DEFINITIONS}{definition.pk}/change/",
        listing(Event),
        f"{listing(Event)}{event.pk}/change/",
        f"{listing(RejectedEvent)}{rejected.pk}/change/",
    ):
        page = admin_client.get(path).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert SCRIPT not in page


def test_shares_and_messages_have_lists_of_their_own(admin_client: Client, acme: Workspace) -> None:
    assert listed(admin_client, listing(ShareEvent)) == ["share.created at 2026-04-02 10:00:00"]
    assert listed(admin_client, listing(ReferralMessage)) == ["referral_message.sent at 2026-04-03 10:00:00"]


def test_what_was_said_of_an_event_afterwards_is_shown_with_it(admin_client: Client, acme: Workspace) -> None:
    deliver(
        acme,
        share("alice", "2026-04-06T10:00:00", message="shared", action_id="a"),
        track("event.corrected", "bob", "2026-04-07T10:00:00", corrects="shared", channel="social"),
        track("share.retracted", "bob", "2026-04-08T10:00:00", action_id="a", is_error=True),
        track("event.voided", "bob", "2026-04-09T10:00:00", corrects="another"),
    )
    event = Event.objects.filter(workspace=acme, definition__name="share.created").latest("pk")
    page = html.unescape(admin_client.get(f"{listing(Event)}{event.pk}/change/").content.decode())
    first, then = "event.corrected at 2026-04-07 10:00:00", "share.retracted at 2026-04-08 10:00:00"
    assert 0 < page.index(then) < page.index(first)
    assert '{"channel": "social", "corrects": "shared"}' in page or '"channel":"social"' in page
    assert "event.voided" not in page


def test_a_list_is_filtered(admin_client: Client, acme: Workspace) -> None:
    deliver(opened("beta").workspace, act("alice", "2026-04-09T10:00:00"))
    early, late = "action.performed at 2026-04-01 10:00:00", "Doc Shared at 2026-04-04 10:00:00"
    of_beta = "action.performed at 2026-04-09 10:00:00"
    assert listed(admin_client, f"{listing(Event)}?workspace=acme&user=alice") == [late, early]
    assert set(listed(admin_client, f"{listing(Event)}?user=alice")) == {early, late, of_beta}
    assert listed(admin_client, f"{listing(Event)}?user=alice&occurred_before=2026-04-04T10:00") == [early]
    assert listed(admin_client, f"{listing(ShareEvent)}?share_type=link") == []
    assert listed(admin_client, f"{listing(RejectedEvent)}?code=too_old") == ["too_old: Too old."]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("occurred_from=soon", "Enter a valid date/time."),
        ("workspace=nowhere", "Select a valid choice. That choice is not one of the available choices."),
        ("user=%00", "Null characters are not allowed."),
    ],
)
def test_a_bad_value_is_an_error_of_the_form(
    admin_client: Client, acme: Workspace, query: str, error: str
) -> None:
    page = admin_client.get(f"{listing(Event)}?{query}")
    assert page.status_code == 200
    assert error in page.content.decode()
    assert page.context["cl"].result_count == 0


@pytest.mark.parametrize(
    "query", ["colour=red", "user__external_id=alice", "properties__medium=email", "id__gt=1"]
)
def test_what_cannot_be_filtered_by_is_refused(admin_client: Client, acme: Workspace, query: str) -> None:
    assert admin_client.get(f"{listing(Event)}?{query}").status_code == 400


def test_a_longer_list_asks_the_database_no_more_and_counts_to_a_limit(
    admin_client: Client, acme: Workspace
) -> None:
    with CaptureQueriesContext(connection) as short:
        admin_client.get(listing(Event))
    deliver(acme, *(act(f"person-{number}", "2026-04-10T10:00:00") for number in range(20)))
    with CaptureQueriesContext(connection) as long:
        admin_client.get(listing(Event))
    assert len(long) == len(short)
    counts = [query["sql"] for query in long if "COUNT(" in query["sql"]]
    assert [("LIMIT 10000" in sql) for sql in counts] == [True]
