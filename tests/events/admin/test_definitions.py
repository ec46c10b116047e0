import time
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from apps.events.models import EventDefinition, TaxonomyVersion
from apps.events.taxonomy import SERIES
from apps.rollups import queue
from apps.workspaces.models import Workspace
from tests.events.admin.pages import DEFINITIONS, listed, values
from tests.rollups.elsewhere import storing
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db

MAPPED = {
    "kind": "share.created",
    "is_activity": "on",
    "constants": '{"share_type": "link", "share_scope": "product"}',
    "columns": '{"channel": "medium"}',
    "types": "{}",
    "description": "",
}


def test_unplanned_events_come_first(admin_client: Client, acme: Workspace) -> None:
    assert listed(admin_client, DEFINITIONS)[:2] == ["Doc Shared", "$alias"]
    assert listed(admin_client, f"{DEFINITIONS}?is_planned__exact=0") == ["Doc Shared"]


def test_an_unplanned_event_counts_once_it_is_mapped(admin_client: Client, acme: Workspace) -> None:
    kpis = ("total_active_users", "users_who_shared", "share_actions", "product_sharing_rate")
    queue.settle(acme.pk)
    assert values(acme, *kpis) == [3, 1, 1, 33]
    definition = EventDefinition.objects.get(workspace=acme, name="Doc Shared")
    page = admin_client.post(f"{DEFINITIONS}{definition.pk}/change/", MAPPED, follow=True).content.decode()
    shares = ", ".join(sorted(name for name in SERIES if name.startswith("share.created")))
    assert f"Being counted anew: ACTIVITY, session.started&gt;share.created, {shares}." in page
    assert values(acme, *kpis) == [3, 1, 1, 33]
    queue.settle(acme.pk)
    assert values(acme, *kpis) == [3, 2, 3, 66]
    assert listed(admin_client, f"{DEFINITIONS}?is_planned__exact=0") == []


def test_a_meaning_given_elsewhere_counts_once_it_is_saved(admin_client: Client, acme: Workspace) -> None:
    unplanned = EventDefinition.objects.filter(workspace=acme, name="Doc Shared")
    unplanned.update(kind="share.created", constants={"share_scope": "product"})
    same = {"kind": "share.created", "constants": '{"share_scope": "product"}', "columns": "{}", "types": "{}"}
    initial = {f"initial-{name}": same[name] for name in ("constants", "columns", "types")}
    admin_client.post(f"{DEFINITIONS}{unplanned.get().pk}/change/", same | initial)
    queue.settle(acme.pk)
    assert values(acme, "users_who_shared") == [2]


def test_a_meaning_that_was_withdrawn_counts_no_more(admin_client: Client, acme: Workspace) -> None:
    definition = EventDefinition.objects.get(workspace=acme, name="share.created")
    nothing = {"kind": "", "constants": "{}", "columns": "{}", "types": "{}", "description": ""}
    admin_client.post(f"{DEFINITIONS}{definition.pk}/change/", nothing)
    queue.settle(acme.pk)
    assert values(acme, "total_active_users", "users_who_shared") == [2, 0]


def test_a_description_restates_nothing(admin_client: Client, acme: Workspace) -> None:
    definition = EventDefinition.objects.get(workspace=acme, name="action.performed")
    form = {"kind": definition.kind, "is_activity": "on", "constants": "{}", "columns": "{}"}
    form |= {"types": '{"action_type": "string"}', "description": "What people do."}
    # What a browser sends along to tell what was changed.
    form |= {"initial-constants": "{}", "initial-columns": "{}"}
    admin_client.post(f"{DEFINITIONS}{definition.pk}/change/", form)
    definition.refresh_from_db()
    assert (definition.description, definition.types) == ("What people do.", {"action_type": "string"})
    assert TaxonomyVersion.objects.filter(workspace=acme).count() == 1


def test_an_event_is_defined_before_it_comes(admin_client: Client, acme: Workspace) -> None:
    admin_client.post(f"{DEFINITIONS}add/", MAPPED | {"workspace": acme.pk, "name": "Link Copied"})
    deliver(acme, track("Link Copied", "dora", "2026-04-07T10:00:00"))
    queue.settle(acme.pk)
    assert values(acme, "total_active_users", "users_who_shared") == [4, 2]


def test_a_bad_mapping_changes_nothing(admin_client: Client, acme: Workspace) -> None:
    definition = EventDefinition.objects.get(workspace=acme, name="Doc Shared")
    bad = MAPPED | {"constants": '{"share_tipe": "link"}'}
    page = admin_client.post(f"{DEFINITIONS}{definition.pk}/change/", bad)
    assert "the nearest is share_type." in page.content.decode()
    definition.refresh_from_db()
    assert (definition.is_planned, definition.kind) == (False, "")


def test_a_definition_that_nothing_uses_is_deleted(admin_client: Client, acme: Workspace) -> None:
    definition = EventDefinition.objects.get(workspace=acme, name="survey.responded")
    admin_client.post(f"{DEFINITIONS}{definition.pk}/delete/", {"post": "yes"})
    queue.settle(acme.pk)
    version = TaxonomyVersion.objects.filter(workspace=acme).latest("version")
    assert str(definition.pk) not in version.definitions
    assert values(acme, "total_active_users") == [3]


@pytest.mark.parametrize("way", ["page", "action"])
def test_a_definition_with_events_is_kept(admin_client: Client, acme: Workspace, way: str) -> None:
    definition = EventDefinition.objects.get(workspace=acme, name="Doc Shared")
    chosen = {"action": "delete_selected", "_selected_action": [definition.pk], "post": "yes"}
    page = (
        admin_client.post(f"{DEFINITIONS}{definition.pk}/delete/", {"post": "yes"}, follow=True)
        if way == "page"
        else admin_client.post(DEFINITIONS, chosen, follow=True)
    )
    assert "Doc Shared: events of this name are stored" in page.content.decode()
    assert EventDefinition.objects.filter(workspace=acme, name="Doc Shared").exists()


@pytest.mark.django_db(transaction=True)
def test_an_edit_waits_for_writers_before_it_locks_a_row(admin_client: Client) -> None:
    """Otherwise the writer could wait for the edit, and the edit for the writer."""
    acme = opened().workspace
    definition = EventDefinition.objects.get(workspace=acme, name="action.performed")
    edit = Thread(target=_withdraw, args=(admin_client, definition.pk))
    with storing(acme, act("alice", "2026-04-01T10:00:00")):
        edit.start()
        _wait_until_somebody_waits()
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM events_eventdefinition WHERE id = %s FOR UPDATE NOWAIT", [definition.pk])
    edit.join(20)
    definition.refresh_from_db()
    assert not definition.is_activity


def _withdraw(client: Client, definition: int) -> None:
    nothing = {"kind": "", "constants": "{}", "columns": "{}", "types": "{}", "description": ""}
    client.post(f"{DEFINITIONS}{definition}/change/", nothing)
    connection.close()


def _wait_until_somebody_waits() -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the writer")
