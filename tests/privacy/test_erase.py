from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from apps.audience.models import ProductUser, Segment, TraitChange, TraitValue
from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.expressions import Question
from apps.engine.parts import ERASED, ByTrait, Part
from apps.engine.periods import Grain
from apps.engine.sets import Members, Space
from apps.events.models import Event, RejectedEvent
from apps.events.taxonomy import SERIES
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, breakdown, evaluate
from apps.privacy.erase import erase
from apps.privacy.person import UnknownPerson
from apps.rollups import queue
from apps.rollups.build.content import Bucket
from apps.rollups.models import BucketFailure, Rollup, StateRow
from apps.rollups.worker import rebuild
from apps.workspaces.models import Workspace
from tests import world
from tests.privacy.alice import APRIL, EMAIL, SECRETS, identify, left, numbers, reject, tell_of_her, visit
from tests.world import NOW, act, deliver, opened, share, track

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    tell_of_her(workspace)
    queue.settle(workspace.pk)
    return workspace


def assert_rolled_up_anew_is_the_same(workspace: Workspace) -> None:
    rows = Rollup.objects.filter(workspace=workspace, closed_xid=None)
    for row in rows:
        bucket = Bucket(workspace.pk, row.series, row.version, Grain(row.grain), row.start)
        facets = tuple(sorted(row.facets.items()))
        assert rebuild([bucket])[row.start][facets].checksum == row.checksum, row.series


def test_no_table_leads_to_an_erased_person(acme: Workspace) -> None:
    assert left(*SECRETS) == list(SECRETS)

    erase(acme.pk, "alice-2")

    assert left(*SECRETS) == []
    queue.settle(acme.pk)
    assert left(*SECRETS) == []
    assert_rolled_up_anew_is_the_same(acme)


def test_what_went_wrong_and_what_people_did_by_hand_does_not_lead_to_them_either(acme: Workspace) -> None:
    alice = ProductUser.objects.get(workspace=acme, external_id="alice-1")
    bob_who_has_no_time = {"type": "track", "event": "x", "userId": "bob", "properties": {"to": EMAIL}}
    assert reject(acme, {"type": "track", "userId": "alice-1"}, bob_who_has_no_time) == [
        "empty_event_name",
        "bad_timestamp",
    ]
    assert reject(acme, {"type": "track", "userId": "bob"}) == ["empty_event_name"]
    BucketFailure.objects.create(
        workspace=acme, series="user", version=0, grain="", error=f"DETAIL: {EMAIL}", next_try_at=NOW
    )
    Segment.objects.create(
        workspace=acme,
        slug="hers",
        name="Hers",
        condition={"trait": {"name": "manager", "op": "EQUALS", "values": ["alice-1"]}},
    )
    LogEntry.objects.create(
        user=get_user_model().objects.create_user("operator"),
        content_type=ContentType.objects.get_for_model(ProductUser),
        object_id=str(alice.pk),
        object_repr=str(alice),
        action_flag=CHANGE,
    )

    erase(acme.pk, "alice-1")

    assert left(*SECRETS) == []
    assert RejectedEvent.objects.filter(workspace=acme).count() == 1


def test_no_number_of_the_past_changes(acme: Workspace) -> None:
    before = numbers(acme)
    assert before["total_active_users"] == 3

    erase(acme.pk, "alice-1")

    assert numbers(acme) == before
    queue.settle(acme.pk)
    assert numbers(acme) == before
    hours = Rollup.objects.filter(workspace=acme, grain="hour", closed_xid=None)
    of_shares = {name for name in SERIES if name.startswith("share.created")}
    assert {row.series for row in hours} == {"ACTIVITY"} | of_shares
    assert_rolled_up_anew_is_the_same(acme)


def test_the_events_stay_without_what_they_said(acme: Workspace) -> None:
    erased = erase(acme.pk, "alice-1")

    users = ProductUser.objects.filter(workspace=acme, counts_as=erased.ordinal)
    assert all(user.external_id.startswith(f"erased-{user.ordinal}-") and user.erased_at for user in users)
    events = Event.objects.filter(workspace=acme, user__in=users)
    names = {"user.signed_up", "$identify", "action.performed", "user.merged", "$group", "share.created"}
    assert {event.definition.name for event in events} == names
    assert [event.properties for event in events] == [{}] * 9
    assert events.filter(definition__name="action.performed").count() == 3
    of_session = events.exclude(session=None)
    assert (of_session.count(), len({event.session for event in of_session})) == (3, 1)


def test_she_stands_in_nothing_but_having_been_there(acme: Workspace) -> None:
    erased = erase(acme.pk, "alice-1")
    queue.settle(acme.pk)

    stood = StateRow.objects.filter(workspace=acme, subject=erased.ordinal, series__startswith="user:")
    assert set(stood.values_list("series", flat=True)) == {"user:registered", "user:open"}
    assert stood.get(series="user:open").end_day is not None
    gone = Members.of(Space.USER, [erased.ordinal])
    rows = Rollup.objects.filter(workspace=acme, series__startswith="user:").exclude(
        series__in=("user:registered", "user:open")
    )
    assert rows.exists()
    assert not any(Members.load(Space.USER, bytes(row.members)).overlap(gone) for row in rows)


def test_what_others_said_of_her_becomes_somebody_nameless(acme: Workspace) -> None:
    erase(acme.pk, "alice-1")

    bob = ProductUser.objects.get(workspace=acme, external_id="bob")
    traits: dict[str, Any] = dict(
        TraitChange.objects.filter(user=bob, workspace=acme).values_list("name", "value")
    )
    assert traits["plan"] == "pro"
    assert traits["manager"].startswith("erased-")
    assert traits["reads"][0].startswith("erased-")
    assert traits["reads"][1] == "news"
    shared = Event.objects.get(workspace=acme, user=bob, definition__name="share.created").properties
    assert (shared["recipient"], shared["note"], shared["referred"]) == (None, "to (erased)", [None, "carla"])
    manager = StateRow.objects.get(workspace=acme, series="user:trait:manager", subject=bob.ordinal)
    listed = TraitValue.objects.filter(workspace=acme, trait__name="manager").values_list("value", flat=True)
    assert list(listed) == [manager.value] == [f'"{traits["manager"]}"']
    rows = Rollup.objects.filter(workspace=acme, series="user:trait:manager", closed_xid=None)
    assert {row.facets["value"] for row in rows} == {manager.value}


def test_a_listed_value_that_only_she_had_keeps_its_place(acme: Workspace) -> None:
    before = TraitValue.objects.filter(workspace=acme).count()
    plans = set(TraitValue.objects.filter(workspace=acme, trait__name="plan").values_list("value", flat=True))

    erase(acme.pk, "alice-1")
    queue.settle(acme.pk)

    listed = TraitValue.objects.filter(workspace=acme)
    assert listed.count() == before
    assert set(listed.filter(trait__name="plan").values_list("value", flat=True)) == plans
    assert listed.get(trait__name="quirk").value.startswith('"(erased ')


def test_hard_her_events_are_gone_and_the_numbers_are_those_without_her(acme: Workspace) -> None:
    without = opened("without").workspace
    deliver(
        without,
        world.identify("bob", "2026-04-02T10:00:00", plan="pro"),
        share("bob", "2026-04-10T09:00:00"),
        act("carla", "2026-04-11T09:00:00"),
        world.identify("carla", "2026-04-11T09:00:00", plan="free"),
    )
    queue.settle(without.pk)

    erased = erase(acme.pk, "alice-1", hard=True)
    queue.settle(acme.pk)

    assert erased.is_hard
    assert left(*SECRETS) == []
    assert numbers(acme) == numbers(without)
    assert not Event.objects.filter(workspace=acme, user__counts_as=erased.ordinal).exists()
    assert not StateRow.objects.filter(workspace=acme, series__startswith="user:", subject=erased.ordinal).exists()
    assert_rolled_up_anew_is_the_same(acme)


def test_nothing_is_taken_under_her_ids_any_more_and_nothing_is_kept_of_it(acme: Workspace) -> None:
    erase(acme.pk, "alice-1")
    kept = RejectedEvent.objects.filter(workspace=acme).count()

    codes = reject(
        acme,
        act("alice-1", "2026-04-12T09:00:00"),
        act("alice-2", "2026-04-12T09:00:00", email=EMAIL),
        visit("cookie-b", "2026-04-12T09:00:00"),
        # Somebody new at her machine, whose cookie is left out.
        identify("carla", "2026-04-12T09:00:00", "cookie-a"),
        track("user.merged", "bob", "2026-04-12T09:00:00", into="alice-1"),
        {"type": "track", "event": "late", "userId": "alice-1", "messageId": "by-alice-1-again"},
        {"type": "track", "userId": ["alice-1"]},
    )

    assert codes == ["suppressed"] * 6
    assert left(*SECRETS) == []
    assert RejectedEvent.objects.filter(workspace=acme).count() == kept


def test_another_workspace_keeps_what_it_knows(acme: Workspace) -> None:
    other = opened("other").workspace
    deliver(other, identify("alice-1", "2026-04-05T00:00:00", "cookie-a", email=EMAIL))

    erase(acme.pk, "alice-1")

    assert left("alice-1", "cookie-a", EMAIL, "Dinah") == ["alice-1", "cookie-a", EMAIL]
    assert reject(other, act("alice-1", "2026-04-05T00:00:00")) == []


def test_what_this_process_holds_of_a_row_is_void(acme: Workspace) -> None:
    """The row of those who came to be on the plan that day is the same before and after."""
    paying = Question(APRIL, NOW, segment=TraitIs("plan", TraitOp.EQUALS, ("pro",)))
    asked = Asked(find("total_active_users"), paying)
    plan = Rollup.objects.filter(workspace=acme, series="user:trait:plan", facets__value='"pro"', closed_xid=None)
    rows = set(plan.values_list("pk", flat=True))
    assert evaluate(acme, [asked])[0].answer.value == 2

    erase(acme.pk, "alice-1")

    assert evaluate(Workspace.objects.get(pk=acme.pk), [asked])[0].answer.value == 1
    assert set(plan.values_list("pk", flat=True)) == rows
    assert Workspace.objects.get(pk=acme.pk).erasures == 1


def test_a_breakdown_puts_her_among_the_erased(acme: Workspace) -> None:
    erase(acme.pk, "alice-1")

    rows = breakdown(acme, Asked(find("total_active_users"), Question(APRIL, NOW), ByTrait("plan")), 10)

    parts = {row.asked.part: row.answer.value for row in rows}
    assert parts == {Part('"free"'): Decimal(1), Part('"pro"'): Decimal(1), ERASED: Decimal(1)}


def test_whoever_is_nobody_cannot_be_erased_and_nobody_twice(acme: Workspace) -> None:
    with pytest.raises(UnknownPerson, match="nobody has the id dinah"):
        erase(acme.pk, "dinah")
    erase(acme.pk, "alice-1")
    with pytest.raises(UnknownPerson, match="alice-2 was erased"):
        erase(acme.pk, "alice-2")
