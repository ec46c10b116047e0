"""Which account an event is of: its own, or else its user's primary one at that instant (KPIS.md G8)."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.audience.models import Account, ProductUser
from apps.audience.people import external_ids
from apps.engine.expressions import Need
from apps.engine.sets import Space
from apps.events import taxonomy
from apps.privacy.erase import erase
from apps.rollups import queue, store
from apps.rollups.models import PrimaryAccount, Rollup
from apps.rollups.subjects import Subject
from apps.workspaces.models import Workspace
from tests.audience.test_admin import NO_ROWS
from tests.people import accounts_merged, group, identify, merged, unnamed
from tests.world import deliver, opened, share, track

pytestmark = pytest.mark.django_db(transaction=True)

NINE, NOON, FIVE = (f"2026-04-10T{hour:02}:00:00" for hour in (9, 12, 17))
APRIL = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def acme() -> Workspace:
    """Alice belongs to Initech since March, Bob to nobody."""
    workspace = opened().workspace
    deliver(workspace, group("alice", "initech", "2026-03-01T00:00:00"), group(None, "hooli", NINE))
    return workspace


def within(account: str, message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "context": {"groupId": account}}


def joined(who: str, account: str, at: str, **said: Any) -> dict[str, Any]:
    return track("membership.added", who, at, account=account, **said)


def sharing(workspace: Workspace, channel: str | None = None) -> list[str]:
    """The accounts that April's shares were of, once everything is counted."""
    queue.settle(workspace.pk)
    workspace.refresh_from_db()
    where = () if channel is None else (("channel", frozenset({channel})),)
    need = Need("share.created@account", where, *APRIL, counts=False)
    members = store.load(workspace, [need]).members(need)
    return sorted(external_ids(workspace.pk, Space.ACCOUNT, list(members)).values())


def test_a_share_is_of_the_account_that_it_names_and_else_of_the_primary_one(acme: Workspace) -> None:
    deliver(acme, within("hooli", share("alice", NINE, channel="social")), share("alice", NINE, channel="email"))
    deliver(acme, share("bob", NINE, channel="email"))
    assert (sharing(acme), sharing(acme, "social"), sharing(acme, "email")) == (
        ["hooli", "initech"],
        ["hooli"],
        ["initech"],
    )


def test_the_primary_account_is_that_of_the_instant(acme: Workspace) -> None:
    deliver(acme, share("alice", NINE, channel="email"), share("alice", FIVE, channel="social"))
    assert sharing(acme) == ["initech"]
    deliver(acme, joined("alice", "hooli", NOON, is_primary=True))
    assert (sharing(acme, "email"), sharing(acme, "social")) == (["initech"], ["hooli"])
    deliver(acme, track("membership.removed", "alice", NOON, account="initech", message="zz"))
    deliver(acme, track("membership.removed", "alice", "2026-04-10T16:00:00", account="hooli"))
    assert (sharing(acme, "email"), sharing(acme, "social")) == (["initech"], [])


def test_a_membership_that_is_told_late_reaches_the_shares_before(acme: Workspace) -> None:
    deliver(acme, share("bob", NOON))
    assert sharing(acme) == []
    deliver(acme, joined("bob", "hooli", NINE))
    assert sharing(acme) == ["hooli"]


def test_what_a_visitor_did_is_of_the_account_of_whoever_they_turned_out_to_be(acme: Workspace) -> None:
    deliver(acme, unnamed(share("", NOON), "v-1"), within("hooli", unnamed(share("", NOON), "v-2")))
    assert sharing(acme) == []
    deliver(acme, identify("alice", FIVE, anonymous="v-1"))
    assert sharing(acme) == ["initech"]


def test_merged_accounts_are_one(acme: Workspace) -> None:
    deliver(acme, within("hooli", share("bob", NINE)), share("alice", NINE))
    assert sharing(acme) == ["hooli", "initech"]
    deliver(acme, accounts_merged("hooli", "umbrella"))
    assert sharing(acme) == ["initech", "umbrella"]
    deliver(acme, accounts_merged("initech", "umbrella"))
    assert sharing(acme) == ["umbrella"]


def test_what_a_merged_user_did_is_of_the_survivors_account(acme: Workspace) -> None:
    deliver(acme, share("al", NINE))
    assert sharing(acme) == []
    deliver(acme, merged("al", "alice"))
    assert sharing(acme) == ["initech"]


def test_what_our_own_people_did_is_of_no_account(acme: Workspace) -> None:
    deliver(acme, share("alice", NINE), within("hooli", share("alice", NINE)))
    assert sharing(acme) == ["hooli", "initech"]
    deliver(acme, identify("alice", FIVE, is_internal=True))
    assert sharing(acme) == []
    deliver(acme, identify("alice", "2026-04-11T09:00:00", is_internal=False))
    assert sharing(acme) == ["hooli", "initech"]


@pytest.mark.parametrize(("hard", "left"), [(False, ["hooli", "initech"]), (True, [])])
def test_of_the_erased_it_stays_which_accounts_they_shared_in(
    acme: Workspace, hard: bool, left: list[str]
) -> None:
    deliver(acme, share("alice", NINE), within("hooli", share("alice", NINE)))
    assert sharing(acme) == ["hooli", "initech"]
    erase(acme.pk, "alice", hard=hard)
    assert sharing(acme) == left
    assert not PrimaryAccount.objects.filter(workspace=acme).exists()


def test_rows_say_when_which_account_was_the_primary_one(acme: Workspace) -> None:
    deliver(acme, joined("alice", "hooli", NOON, is_primary=True))
    queue.settle(acme.pk)
    accounts = dict(Account.objects.filter(workspace=acme).values_list("ordinal", "external_id"))
    alice = ProductUser.objects.get(workspace=acme, external_id="alice")
    noon = datetime(2026, 4, 10, 12, tzinfo=UTC)
    stays = PrimaryAccount.objects.filter(workspace=acme).order_by("since")
    assert [(one.subject, accounts[one.account], one.since, one.until) for one in stays] == [
        (alice.ordinal, "initech", datetime(2026, 3, 1, tzinfo=UTC), noon),
        (alice.ordinal, "hooli", noon, None),
    ]


def test_what_the_admin_says_of_our_own_reaches_accounts(acme: Workspace, admin_client: Client) -> None:
    deliver(acme, share("alice", NINE))
    assert sharing(acme) == ["initech"]
    page = f"/admin/audience/productuser/{ProductUser.objects.get(workspace=acme, external_id='alice').pk}/change/"
    for flag, left in (("on", []), ("", ["initech"])):
        assert admin_client.post(page, {**NO_ROWS, "is_internal": flag}).status_code == 302
        assert sharing(acme) == left


def test_a_workspace_that_had_no_such_series_gets_one_with_the_next_version(acme: Workspace) -> None:
    deliver(acme, share("alice", NINE))
    assert sharing(acme) == ["initech"]
    del acme.versions["current"]["share.created@account"]
    acme.save()
    PrimaryAccount.objects.filter(workspace=acme).delete()
    Rollup.objects.filter(workspace=acme, series="share.created@account").delete()
    assert taxonomy.publish(acme.pk) == ["share.created@account"]
    assert sharing(acme) == ["initech"]


def test_what_an_erasure_settles_is_counted_even_if_it_was_not_resolved_before(acme: Workspace) -> None:
    deliver(acme, share("bob", NINE))
    assert sharing(acme) == []
    deliver(acme, joined("bob", "hooli", "2026-03-01T00:00:00"))
    bob = ProductUser.objects.get(workspace=acme, external_id="bob")
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [Subject(acme.pk, Space.USER, bob.counts_as).lock_key])
        erase(acme.pk, "bob")
    assert sharing(acme) == ["hooli"]
