from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Account, ProductUser
from apps.engine.periods import parse_month
from apps.rollups import queue
from apps.workspaces.models import Marker, Workspace
from tests.people import merged
from tests.staff import staff
from tests.world import act, ask, deliver, opened

pytestmark = pytest.mark.django_db

USERS, ACCOUNTS = "/admin/audience/productuser/", "/admin/audience/account/"
NO_ROWS = {
    f"{prefix}-{count}": 0 for prefix in ("traits", "memberships") for count in ("TOTAL_FORMS", "INITIAL_FORMS")
}


def told(kind: str, who: str, at: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "messageId": f"{kind}-{who}", "userId": who, "timestamp": at, **fields}


def in_company(who: str, at: str = "2026-04-10T10:00:00Z") -> dict[str, Any]:
    return told("group", who, at, groupId="initech", traits={"industry": "software"})


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    described = told("identify", "alice", "2026-04-10T10:00:00Z", traits={"plan": "<b>pro</b>", "seats": 3})
    deliver(workspace, described, in_company("alice"))
    return workspace


def opened_page(client: Client, model: type[ProductUser | Account], external_id: str, path: str) -> str:
    subject = model.unscoped.get(external_id=external_id)
    return client.get(f"{path}{subject.pk}/change/").content.decode()


@pytest.mark.parametrize(("path", "name"), [(USERS, "alice"), (ACCOUNTS, "initech")])
def test_a_list_shows_names(admin_client: Client, acme: Workspace, path: str, name: str) -> None:
    page = admin_client.get(path)
    assert page.status_code == 200
    assert f">{name}</a>" in page.content.decode()


@pytest.mark.parametrize("path", [USERS, ACCOUNTS])
def test_whoever_may_not_enter_is_kept_out(client: Client, acme: Workspace, path: str) -> None:
    assert client.get(path).status_code == 302
    assert staff().get(path).status_code == 403


def test_a_user_page_shows_traits_and_accounts(admin_client: Client, acme: Workspace) -> None:
    page = opened_page(admin_client, ProductUser, "alice", USERS)
    assert "&lt;b&gt;pro&lt;/b&gt;" in page
    assert "<b>pro</b>" not in page
    assert "seats" in page
    assert "initech" in page


def test_an_account_page_shows_traits_and_people(admin_client: Client, acme: Workspace) -> None:
    page = opened_page(admin_client, Account, "initech", ACCOUNTS)
    assert "software" in page
    assert "alice" in page


def test_an_account_page_shows_the_newest_hundred_people(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, *(in_company(f"person-{n:03}", f"2026-04-11T{n // 60:02}:{n % 60:02}:00Z") for n in range(150)))
    page = admin_client.get(f"{ACCOUNTS}{Account.unscoped.get(external_id='initech').pk}/change/")
    people = page.context["inline_admin_formsets"][1].formset
    assert [str(form.instance.user) for form in people.forms] == [f"person-{n:03}" for n in range(149, 49, -1)]


def test_whoever_is_internal_leaves_every_kpi(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-04-10T10:00:00"), act("bob", "2026-04-10T11:00:00"))
    queue.settle(acme.pk)
    april = parse_month("2026-04", "UTC")
    assert ask(acme, "total_active_users", april).answer.value == 2
    bob = ProductUser.objects.get(workspace=acme, external_id="bob")
    form = {**NO_ROWS, "is_internal": "on", "external_id": "mallory", "ordinal": 7}
    assert admin_client.post(f"{USERS}{bob.pk}/change/", form).status_code == 302
    assert ask(acme, "total_active_users", april).answer.value == 1
    bob.refresh_from_db()
    assert (bob.external_id, bob.ordinal, bob.is_internal) == ("bob", 1, True)


def test_ids_that_count_as_one_are_our_own_together(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, act("bob", "2026-04-10T11:00:00"), merged("al", "alice"))
    Marker.objects.filter(workspace=acme).delete()
    for flag, ours in (("on", {"al", "alice"}), ("", set())):
        al = ProductUser.objects.get(workspace=acme, external_id="al")
        form = {**NO_ROWS, "is_internal": flag}
        assert admin_client.post(f"{USERS}{al.pk}/change/", form).status_code == 302
        internal = ProductUser.objects.filter(workspace=acme, is_internal=True)
        assert {user.external_id for user in internal} == ours
    alice = ProductUser.objects.get(workspace=acme, external_id="alice")
    markers = Marker.objects.filter(workspace=acme)
    # What they did counts for an account, or does not any more.
    assert {(one.family, one.series, one.subject) for one in markers} == {
        ("subject", "user", alice.ordinal),
        ("cause", "moved", alice.ordinal),
    }


def test_a_page_shows_who_somebody_was_merged_into(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, merged("al", "alice"))
    alice = ProductUser.objects.get(workspace=acme, external_id="alice")
    page = opened_page(admin_client, ProductUser, "al", USERS)
    assert f'<a href="{USERS}{alice.pk}/change/">alice</a>' in page


def test_a_search_finds_whole_ids_only(admin_client: Client, acme: Workspace) -> None:
    deliver(acme, act("alice-2", "2026-04-10T10:00:00"))
    assert names(admin_client, f"{USERS}?q=alice") == ["alice"]
    assert names(admin_client, f"{USERS}?q=ali") == []
    assert names(admin_client, f"{USERS}?is_internal__exact=0") == ["alice-2", "alice"]


def names(client: Client, path: str) -> Sequence[str]:
    return [str(subject) for subject in client.get(path).context["cl"].result_list]


@pytest.mark.parametrize("path", [USERS, ACCOUNTS])
def test_nobody_is_added_or_deleted_by_hand(admin_client: Client, acme: Workspace, path: str) -> None:
    model = ProductUser if path == USERS else Account
    assert admin_client.get(f"{path}add/").status_code == 403
    assert admin_client.get(f"{path}{model.unscoped.get().pk}/delete/").status_code == 403


def test_a_longer_list_asks_the_database_no_more(admin_client: Client, acme: Workspace) -> None:
    with CaptureQueriesContext(connection) as short:
        admin_client.get(USERS)
    deliver(acme, *(act(f"person-{number}", "2026-04-10T10:00:00") for number in range(20)))
    with CaptureQueriesContext(connection) as long:
        admin_client.get(USERS)
    assert len(long) == len(short)
