"""Referrals stay counted when whoever was referred, or referred them, is erased (KPIS.md G7)."""

import json

import pytest
from django.utils.timezone import now

from apps.audience import groups
from apps.audience.marking import mark_ordinals
from apps.engine.periods import parse_month
from apps.engine.sets import Space
from apps.events.models import Event
from apps.privacy.erase import erase
from apps.privacy.export import export
from apps.rollups import queue
from apps.rollups.models import Referral
from apps.workspaces.models import Workspace
from tests.kpis.test_referrals import AFTER, attributed, rejected, sent, sides, signup
from tests.world import alias, ask, deliver, identify, opened, track

pytestmark = pytest.mark.django_db(transaction=True)

APRIL = parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    """Alice wrote to Bob and to Carol, who signed up, and so did Dave, whom a partner referred."""
    workspace = opened().workspace
    deliver(workspace, sent("alice", "of-alice"), *map(signup, ("alice", "bob", "carol", "dave")))
    deliver(workspace, attributed("bob", referrer="alice", message="of-alice"))
    deliver(workspace, attributed("alice", referred_user="carol", message="of-alice"))
    deliver(workspace, attributed("dave", referrer="a-partner"))
    return workspace


def counted(workspace: Workspace) -> tuple[int, tuple[int, int]]:
    # From the raw events once more.
    mark_ordinals(workspace.pk, Space.USER, groups.everybody(workspace.pk, Space.USER), now())
    queue.settle(workspace.pk)
    new = ask(workspace, "new_users_from_referrals", APRIL).answer.numerator.amount
    return int(new), sides(ask(workspace, "referral_signup_rate", APRIL))


def held(workspace: Workspace) -> str:
    """Everything that events and referrals say, as text."""
    told = Event.objects.filter(workspace=workspace).values_list("referrer", "link", "properties")
    return f"{[*told]} {[*Referral.objects.filter(workspace=workspace).values_list('link', 'campaign')]}"


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "dave"])
@pytest.mark.parametrize("is_settled", [True, False])
def test_referrals_count_on_and_name_nobody(acme: Workspace, who: str, *, is_settled: bool) -> None:
    if is_settled:
        queue.settle(acme.pk)
    erase(acme.pk, who)
    assert counted(acme) == (3, (1, 1))
    assert f"'{who}'" not in held(acme)
    # What Alice told of Carol is no event of Carol's.
    assert ("of-alice" in held(acme)) == (who in {"carol", "dave"})


def test_what_is_said_of_a_referrer_goes_on_being_said_of_one(acme: Workspace) -> None:
    deliver(acme, signup("eve"), attributed("eve", referrer="ally"), attributed("eve", referrer="al@acme.test"))
    deliver(acme, identify("alice", AFTER, email="al@acme.test"), signup("ally"), alias("ally", "alice", AFTER))
    assert counted(acme) == (4, (1, 1))
    erase(acme.pk, "alice")
    assert counted(acme) == (4, (1, 1))
    assert not {"'ally'", "'al@acme.test'"} & {word.strip("(),[]{}") for word in held(acme).split()}
    told = Event.objects.filter(workspace=acme, referrer__isnull=False).order_by("pk")
    renamed = [str(text) for text in told.values_list("referrer", flat=True)]
    assert [text.startswith("erased-") for text in renamed] == [True, False, True, True]
    # Two ids of Alice's, and what is only her address.
    assert len(set(renamed)) == 4


def test_who_referred_themselves_or_was_rejected_stays_no_referral(acme: Workspace) -> None:
    deliver(acme, signup("eve"), attributed("eve", referred_user="eve"), rejected("carol", referrer="alice"))
    deliver(acme, attributed("eve", referrer="eve"))
    assert counted(acme) == (2, (1, 1))
    erase(acme.pk, "eve")
    erase(acme.pk, "alice")
    assert counted(acme) == (2, (1, 1))


@pytest.mark.parametrize(("who", "left"), [("alice", (2, (0, 0))), ("bob", (2, (1, 1))), ("dave", (2, (1, 1)))])
def test_hard_takes_what_they_told_and_whom_they_were(
    acme: Workspace, who: str, left: tuple[int, tuple[int, int]]
) -> None:
    queue.settle(acme.pk)
    erase(acme.pk, who, hard=True)
    queue.settle(acme.pk)
    assert int(ask(acme, "new_users_from_referrals", APRIL).answer.numerator.amount) == left[0]
    assert counted(acme) == left


def test_nothing_is_taken_that_refers_an_erased_person(acme: Workspace) -> None:
    erase(acme.pk, "bob")
    outcome = deliver(acme, attributed("carol", referred_user="bob"), rejected("carol", referred_user="bob"))
    assert [one.code for one in outcome.rejected] == ["suppressed", "suppressed"]


def test_what_is_no_referral_keeps_no_word_of_a_referrer(acme: Workspace) -> None:
    deliver(acme, track("invited", "bob", AFTER, referred_user="zoe", referrer="https://acme.test/bobs-page"))
    erase(acme.pk, "bob")
    event = Event.objects.get(workspace=acme, definition__name="invited")
    assert (event.referred_id, event.referrer, event.properties) == (None, None, {})


def test_an_export_has_what_others_said_of_the_persons_referrals_but_not_who(acme: Workspace) -> None:
    def attributions(who: str) -> list[tuple[str, str]]:
        said = json.loads("".join(export(acme.pk, who)))["attributions"]
        assert all("alice" not in str(one) and "a-partner" not in str(one) for one in said)
        return [(one["event"], one["occurred_at"][:10]) for one in said]

    day = Event.objects.get(workspace=acme, referrer="a-partner").occurred_at.date().isoformat()
    assert attributions("carol") == [("referral.attributed", day)]
    assert attributions("alice") == [("referral.attributed", day)]
    assert attributions("dave") == []
