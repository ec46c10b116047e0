"""From messages to the tables of people and accounts: merges, anonymous ids, memberships, words on profiles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.audience.models import Account, IdentityAlias, MembershipChange, ProductUser, Suppression, TraitChange
from apps.audience.suppression import digest
from apps.events.ingest import Outcome
from apps.events.models import Event, EventDefinition
from apps.workspaces.models import Workspace
from tests.people import accounts_merged, alias, group, identify, merged, visit
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db

AT = "2026-04-10T12:00:00"


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def counted_as(workspace: Workspace) -> dict[str, str]:
    """Of each user the id that they count as."""
    users = ProductUser.objects.filter(workspace=workspace)
    names = dict(users.values_list("ordinal", "external_id"))
    return {user.external_id: names[user.counts_as] for user in users}


def codes(outcome: Outcome) -> list[tuple[int, str]]:
    return [(refused.index, refused.code) for refused in outcome.rejected]


def test_a_merge_makes_two_users_one_and_says_when(acme: Workspace) -> None:
    deliver(acme, act("al", AT), merged("al", "alice"))
    assert counted_as(acme) == {"al": "alice", "alice": "alice"}
    al = ProductUser.objects.select_related("merged_into").get(workspace=acme, external_id="al")
    assert (str(al.merged_into), al.merged_at) == ("alice", datetime(2026, 4, 10, 12, tzinfo=UTC))


def test_an_alias_merges_and_tells_whose_the_visits_were(acme: Workspace) -> None:
    deliver(acme, alias("alice", "visitor"))
    assert counted_as(acme) == {"alice": "alice", "visitor": "alice"}
    known = IdentityAlias.objects.select_related("user").get(workspace=acme)
    assert (known.anonymous_id, str(known.user), known.valid_from.hour) == ("visitor", "alice", 12)


def test_accounts_merge_too(acme: Workspace) -> None:
    deliver(acme, accounts_merged("initech", "hooli"))
    initech, hooli = Account.objects.filter(workspace=acme).order_by("-external_id")
    assert (initech.merged_into, initech.counts_as) == (hooli, hooli.ordinal)


def test_merges_of_a_batch_follow_one_another_in_the_order_that_they_came(acme: Workspace) -> None:
    outcome = deliver(
        acme,
        *(merged(f"u-{n}", f"u-{n + 1}") for n in range(8)),
        merged("u-8", "u-0"),
        merged("u-3", "u-8"),
        merged("u-3", "u-5"),
    )
    assert (outcome.accepted, codes(outcome)) == (10, [(8, "merge_cycle")])
    assert set(counted_as(acme).values()) == {"u-8"}


def test_a_merge_back_is_refused_and_leaves_no_event(acme: Workspace) -> None:
    deliver(acme, merged("al", "alice"))
    outcome = deliver(acme, merged("alice", "al"), merged("bob", "bob"), act("alice", AT))
    assert (outcome.accepted, outcome.duplicate) == (1, 0)
    assert codes(outcome) == [(0, "merge_cycle"), (1, "merge_cycle")]
    names = Event.objects.filter(workspace=acme).order_by("pk").values_list("definition__name", flat=True)
    assert list(names) == ["user.merged", "action.performed"]
    assert counted_as(acme) == {"al": "alice", "alice": "alice", "bob": "bob"}


def test_an_alias_that_is_refused_tells_nothing(acme: Workspace) -> None:
    outcome = deliver(acme, alias("alice", "alice"))
    assert codes(outcome) == [(0, "merge_cycle")]
    assert not IdentityAlias.objects.filter(workspace=acme).exists()


def test_a_message_that_lost_to_a_refused_one_has_its_turn(acme: Workspace) -> None:
    # However the batch is cut: what was refused holds no id.
    deliver(acme, merged("al", "alice"))
    back = merged("alice", "al", message="m-1")
    outcome = deliver(acme, back, back, act("alice", AT, message="m-1"))
    assert (outcome.accepted, outcome.duplicate) == (1, 0)
    assert codes(outcome) == [(0, "merge_cycle"), (1, "merge_cycle")]


def test_a_merge_that_was_stored_before_is_a_duplicate(acme: Workspace) -> None:
    message = merged("al", "alice")
    deliver(acme, message)
    assert deliver(acme, message).duplicate == 1


def test_a_merge_counts_by_the_kind_of_its_event(acme: Workspace) -> None:
    EventDefinition.objects.create(workspace=acme, name="People joined", kind="user.merged")
    deliver(acme, track("People joined", "al", AT, into="alice"))
    assert counted_as(acme)["al"] == "alice"


def test_an_identify_call_with_both_ids_tells_who_the_visitor_was(acme: Workspace) -> None:
    deliver(acme, identify("alice", anonymous="visitor", message="m-1"), identify("alice", plan="pro"))
    known = IdentityAlias.objects.select_related("user").get(workspace=acme)
    assert (known.anonymous_id, str(known.user), known.message_id) == ("visitor", "alice", "m-1")


def test_memberships_are_histories(acme: Workspace) -> None:
    deliver(
        acme,
        group("alice", "initech", "2026-04-01T00:00:00"),
        group(None, "hooli"),
        track("membership.added", "alice", "2026-04-02T00:00:00", account=7, role="admin", is_primary=True),
        track("membership.role_changed", "alice", "2026-04-03T00:00:00", account="initech", role="editor"),
        {
            **track("membership.removed", "alice", "2026-04-04T00:00:00", account="hooli"),
            "context": {"groupId": "initech"},
        },
    )
    changes = MembershipChange.objects.filter(workspace=acme).order_by("valid_from").select_related("account")
    assert [(str(one.account), one.is_member, one.role, one.is_primary) for one in changes] == [
        ("initech", True, None, None),
        ("7", True, "admin", True),
        ("initech", True, "editor", None),
        ("initech", False, None, None),
    ]
    assert all(one.message_id.startswith("message-") for one in changes)


def test_the_account_of_an_account_event_is_in_its_properties(acme: Workspace) -> None:
    deliver(acme, track("account.created", "alice", AT, account=7), act("alice", AT, account="initech"))
    events = Event.objects.filter(workspace=acme).order_by("definition__name")
    assert list(events.values_list("definition__name", "account__external_id")) == [
        ("account.created", "7"),
        ("action.performed", None),
    ]


def test_a_word_on_a_profile_is_a_dated_trait(acme: Workspace) -> None:
    deliver(
        acme,
        track("icp.matched", "alice", "2026-04-01T00:00:00", profile="gold", message="m-1"),
        track("icp.unmatched", "alice", "2026-04-02T00:00:00", profile="gold", message="m-2"),
    )
    changes = TraitChange.objects.filter(workspace=acme).order_by("valid_from")
    assert [(one.name, one.value, one.message_id) for one in changes] == [
        ("icp:gold", True, "m-1"),
        ("icp:gold", False, "m-2"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        act("alice", AT),
        visit("alice"),
        alias("bob", "alice"),
        alias("alice", "bob"),
        merged("bob", "alice"),
        merged("alice", "bob"),
    ],
)
def test_nothing_is_taken_under_an_id_of_somebody_erased(acme: Workspace, message: dict[str, object]) -> None:
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "alice"))
    outcome = deliver(acme, message, act("carla", AT))
    assert (outcome.accepted, codes(outcome)) == (1, [(0, "suppressed")])
    assert counted_as(acme) == {"carla": "carla"}


@pytest.mark.parametrize(
    "message", [identify("bob", anonymous="kiosk"), {**act("bob", AT), "anonymousId": "kiosk"}]
)
def test_what_somebody_else_does_on_the_machine_of_somebody_erased_is_taken_without_it(
    acme: Workspace, message: dict[str, object]
) -> None:
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "kiosk"))
    assert deliver(acme, message).accepted == 1
    assert list(Event.objects.filter(workspace=acme).values_list("user__external_id", "anonymous_id")) == [
        ("bob", None)
    ]
    assert not IdentityAlias.objects.filter(workspace=acme).exists()


def test_an_account_may_be_called_like_somebody_erased(acme: Workspace) -> None:
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "alice"))
    assert deliver(acme, group("bob", "alice")).accepted == 1


def test_an_id_erased_in_one_workspace_is_free_in_another(acme: Workspace) -> None:
    Suppression.objects.create(workspace=acme, digest=digest(acme.pk, "alice"))
    other = opened("other").workspace
    Suppression.objects.create(workspace=other, digest=digest(acme.pk, "alice"))
    assert deliver(other, act("alice", AT)).accepted == 1
