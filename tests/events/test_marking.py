"""Of whom something was said, once each; and what only a later transaction can see the reach of."""

from __future__ import annotations

import pytest

from apps.audience.models import Account, ProductUser
from apps.workspaces.models import Marker, Workspace
from tests.people import accounts_merged, alias, group, identify, merged, unnamed, visit
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db

AT = "2026-04-10T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    """A workspace that knows alice, bob and the accounts initech and hooli, with nothing left to do."""
    workspace = opened().workspace
    in_place = {"context": {"groupId": "hooli"}}
    deliver(workspace, group("alice", "initech"), {**act("bob", AT), **in_place})
    Marker.objects.filter(workspace=workspace).delete()
    return workspace


def marked(workspace: Workspace) -> list[tuple[str, str, str, int]]:
    """Family, series, who or what, and how many events, of all markers but those of hours."""
    users = dict(ProductUser.objects.filter(workspace=workspace).values_list("ordinal", "external_id"))
    accounts = dict(Account.objects.filter(workspace=workspace).values_list("ordinal", "external_id"))
    names = {"user": users, "account": accounts, "merged": users, "account merged": accounts}
    return sorted(
        (one.family, one.series, one.key or names[one.series][one.subject or 0], one.events)
        for one in Marker.objects.filter(workspace=workspace, start=None)
    )


def test_whatever_is_said_of_somebody_marks_them_once_a_batch(acme: Workspace) -> None:
    deliver(
        acme,
        identify("alice", plan="pro"),
        track("membership.added", "alice", AT, account="hooli"),
        track("user.signed_up", "alice", AT, channel="web"),
        track("user.deactivated", "bob", AT),
        track("icp.matched", "bob", AT, profile="gold"),
    )
    assert marked(acme) == [("subject", "user", "alice", 3), ("subject", "user", "bob", 2)]


def test_what_is_said_of_an_account_marks_it(acme: Workspace) -> None:
    deliver(acme, group(None, "hooli", size=9), track("account.closed", "bob", AT, account="hooli"))
    assert marked(acme) == [("subject", "account", "hooli", 2)]


def test_what_somebody_does_marks_hours_only(acme: Workspace) -> None:
    deliver(acme, act("alice", AT), identify("alice"), {**visit("visitor"), "context": {"groupId": "initech"}})
    assert marked(acme) == []
    assert [(one.series, one.events) for one in Marker.objects.filter(workspace=acme)] == [("ACTIVITY", 2)]


def test_a_merge_marks_both_and_is_a_cause(acme: Workspace) -> None:
    deliver(acme, merged("bob", "alice"))
    assert marked(acme) == [
        ("cause", "merged", "bob", 1),
        ("subject", "user", "alice", 1),
        ("subject", "user", "bob", 1),
    ]


def test_a_merge_of_what_is_one_already_marks_nothing(acme: Workspace) -> None:
    deliver(acme, merged("bob", "alice"))
    Marker.objects.filter(workspace=acme).delete()
    deliver(acme, merged("bob", "alice"), merged("alice", "bob"))
    assert marked(acme) == []


def test_a_merge_of_accounts_marks_both_and_is_a_cause(acme: Workspace) -> None:
    deliver(acme, accounts_merged("initech", "hooli"))
    assert marked(acme) == [
        ("cause", "account merged", "initech", 1),
        ("subject", "account", "hooli", 1),
        ("subject", "account", "initech", 1),
    ]


def test_a_chain_of_merges_marks_each_that_counted_for_itself(acme: Workspace) -> None:
    deliver(acme, merged("al", "alice"), merged("alice", "bob"))
    assert marked(acme) == [
        ("cause", "merged", "al", 1),
        ("cause", "merged", "alice", 1),
        *(("subject", "user", who, 1) for who in ("al", "alice", "bob")),
    ]


def test_what_is_said_of_a_merged_id_marks_the_survivor(acme: Workspace) -> None:
    deliver(acme, merged("bob", "alice"))
    Marker.objects.filter(workspace=acme).delete()
    deliver(acme, identify("bob", plan="pro"), identify("alice", plan="free"))
    assert marked(acme) == [("subject", "user", "alice", 2)]


def test_an_anonymous_id_that_becomes_somebodys_is_a_cause(acme: Workspace) -> None:
    deliver(acme, identify("alice", anonymous="v-1"), identify("alice", anonymous="v-1"), alias("alice", "v-2"))
    assert [one for one in marked(acme) if one[1] == "anonymous"] == [
        ("cause", "anonymous", "v-1", 2),
        ("cause", "anonymous", "v-2", 1),
    ]


def test_a_signup_by_a_visitor_is_a_cause(acme: Workspace) -> None:
    deliver(acme, unnamed(track("user.signed_up", "", AT, channel="web"), "v-1"), visit("v-2"))
    assert marked(acme) == [("cause", "anonymous", "v-1", 1)]
