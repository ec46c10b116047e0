"""Referrals are kept in a table by version, and follow every change of it (KPIS.md B, G6, G18)."""

import pytest

from apps.audience.models import ProductUser
from apps.engine.periods import parse_month
from apps.events import taxonomy
from apps.events.models import EventDefinition
from apps.rollups import queue
from apps.rollups.models import Referral
from apps.rollups.prune import prune
from apps.workspaces.models import Workspace
from tests.kpis.test_referrals import AFTER, BEFORE, attributed, rejected, sent, sides, signup
from tests.rollups.elsewhere import storing
from tests.world import alias, ask, deliver, opened, recognise, track

APRIL = parse_month("2026-04", "UTC")
REFERRED, REFERRING = "user.referred", "referral_message.sent>user.referred"


@pytest.fixture
def acme() -> Workspace:
    """Alice's message led to Bob's sign-up; what Carol did means nothing yet."""
    workspace = opened().workspace
    deliver(workspace, sent("alice", "m-1"), signup("bob"), attributed("bob", message="m-1", kind="message"))
    joined = track("Joined", "carol", "2026-04-12T12:00:00")
    invited = track("Invited", "alice", BEFORE, referred_user="carol", way="link", message_id="m-1")
    deliver(workspace, joined, invited)
    queue.settle(workspace.pk)
    return workspace


def of(*people: str) -> Workspace:
    """A workspace that knows these people: who is new waits for others who bring somebody new."""
    workspace = opened().workspace
    deliver(workspace, *(track("referral_prompt.shown", who, BEFORE) for who in people))
    return workspace


def counted(workspace: Workspace) -> tuple[int, tuple[int, int]]:
    workspace.refresh_from_db()
    new = ask(workspace, "new_users_from_referrals", APRIL).answer.numerator.amount
    return int(new), sides(ask(workspace, "referral_signup_rate", APRIL))


def mapped(workspace: Workspace, name: str, kind: str, **meaning: object) -> set[str]:
    definitions = EventDefinition.objects.filter(workspace=workspace, name=name)
    definitions.update(is_planned=True, kind=kind, **meaning)
    return {key for key in taxonomy.publish(workspace.pk) if key != "ACTIVITY"}


def rows(workspace: Workspace) -> set[tuple[int, str, str | None, str | None]]:
    names = dict(ProductUser.objects.filter(workspace=workspace).values_list("ordinal", "external_id"))
    found = Referral.objects.filter(workspace=workspace)
    return {(row.version, names[row.subject], row.kind, row.link) for row in found}


@pytest.mark.django_db
def test_what_is_mapped_to_a_referral_counts_with_its_history(acme: Workspace) -> None:
    assert counted(acme) == (1, (1, 1))
    mapped(acme, "Joined", "user.signed_up")
    queue.settle(acme.pk)
    assert counted(acme) == (1, (1, 1))
    kind = {"constants": {"campaign": "spring"}, "columns": {"kind": "way"}}
    assert mapped(acme, "Invited", "referral.attributed", **kind) == {REFERRED, REFERRING}
    assert counted(acme) == (1, (1, 1))
    queue.settle(acme.pk)
    assert counted(acme) == (2, (1, 1))
    prune()
    assert rows(acme) == {(3, "bob", "message", "m-1"), (3, "carol", "link", "m-1")}
    assert set(Referral.objects.filter(workspace=acme).values_list("campaign", flat=True)) == {None, "spring"}


@pytest.mark.django_db
def test_another_meaning_of_a_sign_up_is_another_of_referrals(acme: Workspace) -> None:
    assert mapped(acme, "Joined", "user.signed_up") == {"STATES", REFERRED, REFERRING}
    queue.settle(acme.pk)
    assert rows(acme) == {(1, "bob", "message", "m-1"), (2, "bob", "message", "m-1")}
    assert prune() == 1
    assert rows(acme) == {(2, "bob", "message", "m-1")}


@pytest.mark.django_db
def test_another_meaning_of_messages_alone_leaves_new_users_as_they_are(acme: Workspace) -> None:
    definitions = EventDefinition.objects.filter(workspace=acme, name="referral_message.sent")
    definitions.update(constants={"template": "warm"})
    assert set(taxonomy.publish(acme.pk)) == {"ACTIVITY", "referral_message.sent", REFERRING}
    queue.settle(acme.pk)
    assert counted(acme) == (1, (1, 1))
    # Of either series the rows of its own version.
    assert prune() == 0
    deliver(acme, rejected("bob"))
    queue.settle(acme.pk)
    assert (counted(acme), rows(acme)) == ((0, (0, 1)), set())


@pytest.mark.django_db
def test_a_workspace_made_before_referrals_counts_them_from_the_first_turn_on(acme: Workspace) -> None:
    for series in (REFERRED, REFERRING):
        acme.versions["current"].pop(series)
    acme.save(update_fields=["versions"])
    Referral.objects.filter(workspace=acme).delete()
    queue.settle(acme.pk)
    assert (counted(acme), rows(acme)) == ((1, (1, 1)), {(2, "bob", "message", "m-1")})


@pytest.mark.django_db
def test_what_comes_in_while_a_version_is_built_counts_in_both(acme: Workspace) -> None:
    mapped(acme, "Invited", "referral.attributed")
    deliver(acme, signup("carol"), attributed("carol", "2026-04-09T13:00:00"))
    queue.settle(acme.pk)
    assert counted(acme) == (2, (1, 1))
    assert rows(acme) >= {(2, "bob", "message", "m-1"), (2, "carol", None, None)}


@pytest.mark.django_db
def test_whoever_was_merged_away_has_no_row(acme: Workspace) -> None:
    deliver(acme, alias("bob", "robert", AFTER))
    queue.settle(acme.pk)
    assert (counted(acme), rows(acme)) == ((1, (1, 1)), {(1, "robert", "message", "m-1")})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("late", ["signup", "attributed", "sent"])
def test_whatever_commits_last_is_counted(late: str) -> None:
    acme = of("alice", "bob")
    messages = {
        "signup": signup("bob"),
        "attributed": attributed("bob", message="m-1"),
        "sent": sent("alice", "m-1"),
    }
    with storing(acme, messages.pop(late)):
        deliver(acme, *messages.values())
        queue.settle(acme.pk)
    queue.settle(acme.pk)
    assert counted(acme) == (1, (1, 1))


@pytest.mark.django_db(transaction=True)
def test_a_merge_that_commits_after_the_referral_was_settled_reaches_it() -> None:
    acme = of("alice")
    deliver(acme, signup("bob"), signup("ally"), attributed("bob", referrer="ally"))
    with storing(acme, alias("ally", "alice", AFTER)):
        deliver(acme, rejected("bob", referrer="alice"))
        queue.settle(acme.pk)
        assert counted(acme)[0] == 1
    queue.settle(acme.pk)
    assert counted(acme)[0] == 0


@pytest.mark.django_db(transaction=True)
def test_a_visitor_known_after_the_referral_was_settled_reaches_it() -> None:
    acme = of("alice")
    visit = {**attributed("", referred_user="bob"), "userId": None, "anonymousId": "v-1"}
    deliver(acme, signup("bob"), signup("alice"), visit)
    with storing(acme, recognise("v-1", "alice", AFTER)):
        deliver(acme, rejected("bob", referrer="alice"))
        queue.settle(acme.pk)
        assert counted(acme)[0] == 1
    queue.settle(acme.pk)
    assert counted(acme)[0] == 0
