import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.audience.models import Account, MembershipChange, ProductUser, TraitChange
from apps.engine.periods import Grain
from apps.events import ingest
from apps.events.ingest import Delivery
from apps.events.messages import Terms
from apps.events.models import Event, EventDefinition, ReferralMessage, RejectedEvent, ShareEvent
from apps.workspaces.models import Marker
from tests.people import identify, visit
from tests.world import NOW, act, deliver, opened, share, track

pytestmark = pytest.mark.django_db


def test_a_share_fills_its_columns() -> None:
    acme = opened().workspace
    sent = share(
        "alice",
        "2026-04-30T09:15:00+02:00",
        action_id="s-1",
        object_type="report",
        feature="export",
        status="sent",
        is_error=False,
        session="session-7",
        recipients_count=3,
        price=Decimal("1.10"),
    )
    outcome = deliver(acme, {**sent, "context": {"groupId": "initech"}})
    assert (outcome.accepted, outcome.duplicate, outcome.rejected) == (1, 0, [])
    event = Event.objects.select_related("user", "account", "definition").get(workspace=acme)
    assert (str(event.definition), str(event.user), str(event.account)) == ("share.created", "alice", "initech")
    assert event.occurred_at == datetime(2026, 4, 30, 7, 15, tzinfo=UTC)
    assert event.received_at == NOW
    assert (event.share_type, event.share_scope, event.channel) == ("invite", "product", "email")
    assert (event.object_type, event.feature, event.status, event.is_error) == ("report", "export", "sent", False)
    assert (event.session, event.link) == ("session-7", "s-1")
    assert event.properties["price"] == Decimal("1.10")


def test_the_proxies_hold_their_kind_of_event() -> None:
    acme = opened().workspace
    deliver(
        acme,
        share("alice", "2026-04-30T09:15:00"),
        act("alice", "2026-04-30T09:16:00"),
        track("referral_message.sent", "bob", "2026-04-30T09:17:00", message_id="r-1", message_customized=True),
    )
    assert [str(one.user) for one in ShareEvent.objects.filter(workspace=acme)] == ["alice"]
    message = ReferralMessage.objects.get(workspace=acme)
    assert (str(message.user), message.customized, message.link) == ("bob", True, "r-1")


def test_the_same_message_again_changes_nothing() -> None:
    acme = opened().workspace
    message = act("alice", "2026-04-30T09:15:00")
    deliver(acme, message)
    markers = Marker.objects.filter(workspace=acme).count()
    outcome = deliver(acme, message, message)
    assert (outcome.accepted, outcome.duplicate) == (0, 2)
    assert Event.objects.filter(workspace=acme).count() == 1
    assert Marker.objects.filter(workspace=acme).count() == markers


def test_of_one_id_with_two_bodies_the_first_counts_and_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    acme = opened().workspace
    deliver(acme, act("alice", "2026-04-30T09:15:00", message="m-1", feature="first"))
    with caplog.at_level(logging.WARNING):
        outcome = deliver(acme, act("alice", "2026-04-30T09:15:00", message="m-1", feature="second"))
    assert outcome.duplicate == 1
    assert Event.objects.get(workspace=acme).feature == "first"
    assert "message 'm-1' came again with another body; the first one counts" in caplog.text


def test_of_one_id_twice_in_a_batch_the_first_counts() -> None:
    acme = opened().workspace
    outcome = deliver(
        acme,
        act("alice", "2026-04-30T09:15:00", message="m-1", feature="first"),
        act("alice", "2026-04-30T09:15:00", message="m-1", feature="second"),
    )
    assert (outcome.accepted, outcome.duplicate) == (1, 1)
    assert Event.objects.get(workspace=acme).feature == "first"


def test_a_share_is_counted_once_by_its_action_id() -> None:
    acme = opened().workspace
    outcome = deliver(
        acme,
        share("alice", "2026-04-30T09:15:00", action_id="s-1"),
        share("alice", "2026-04-30T09:15:00", action_id="s-1"),
        track("share.retracted", "alice", "2026-04-30T10:00:00", action_id="s-1"),
    )
    assert (outcome.accepted, outcome.duplicate) == (2, 1)
    assert ShareEvent.objects.filter(workspace=acme).count() == 1


def test_two_sources_may_use_one_id() -> None:
    acme = opened().workspace
    message = act("alice", "2026-04-30T09:15:00", message="m-1")
    for source in ("web", "warehouse"):
        assert ingest.store(Delivery(acme.pk, source, [message], Terms(now=NOW))).accepted == 1


def test_a_bad_message_is_rejected_alone() -> None:
    acme = opened().workspace
    outcome = deliver(
        acme,
        act("alice", "2026-04-30T09:15:00"),
        {**act("bob", "2026-04-30T09:15:00", message="m-2"), "type": "trak"},
        share("carol", "2026-04-30T09:15:00", message="m-3", recipients_count="three"),
        share("carol", "2026-04-30T09:15:00", message="m-4", is_error="no"),
        share("carol", "2026-04-30T09:15:00", message="m-5", recipients_count=True),
        share("carol", "2026-04-30T09:15:00", message="m-6", channel="x" * 201),
    )
    assert outcome.accepted == 1
    assert [(one.index, one.message_id, one.code) for one in outcome.rejected] == [
        (1, "m-2", "unknown_type"),
        (2, "m-3", "wrong_type"),
        (3, "m-4", "wrong_type"),
        (4, "m-5", "wrong_type"),
        (5, "m-6", "too_long"),
    ]
    assert outcome.rejected[1].reason == ('`recipients_count` of share.created is of type integer, not "three".')
    assert [user.external_id for user in ProductUser.objects.filter(workspace=acme)] == ["alice"]


def test_rejected_messages_are_kept_with_their_reasons() -> None:
    acme = opened().workspace
    delivery = Delivery(acme.pk, "default", [{"type": "track", "note": "a\0\ud800"}, 7], Terms(now=NOW))
    ingest.store(delivery, within=lambda outcome: ingest.keep_rejected(delivery, outcome))
    kept = RejectedEvent.objects.filter(workspace=acme).order_by("pk")
    assert [(one.code, one.body) for one in kept] == [
        ("bad_unicode", '{"type": "track", "note": "a\\u0000\\ud800"}'),
        ("not_an_object", "7"),
    ]


def test_an_id_is_made_for_a_message_without_one_and_told() -> None:
    acme = opened().workspace
    outcome = deliver(
        acme, act("alice", "2026-04-30T09:15:00"), {**act("bob", "2026-04-30T09:15:00"), "messageId": None}
    )
    assert list(outcome.made) == [1]
    assert outcome.made[1].startswith("made-")


def test_an_unknown_event_is_kept_as_unplanned_and_marks_nothing() -> None:
    acme = opened().workspace
    outcome = deliver(acme, track("Doc Shared", "alice", "2026-04-30T09:15:00", share_type=5))
    assert outcome.accepted == 1
    definition = EventDefinition.objects.get(workspace=acme, name="Doc Shared")
    assert (definition.is_planned, definition.is_activity, definition.first_seen) == (False, False, NOW)
    assert Event.objects.get(workspace=acme).properties == {"share_type": 5}
    assert not Marker.objects.filter(workspace=acme).exists()


def test_an_event_marks_its_hour_for_each_series_that_it_feeds() -> None:
    acme = opened(zone="Asia/Kolkata").workspace
    deliver(
        acme,
        share("alice", "2026-04-30T09:15:00"),
        share("bob", "2026-04-30T09:29:59"),
        act("bob", "2026-04-30T09:30:00"),
    )
    markers = Marker.objects.filter(workspace=acme).order_by("series", "start")
    half_past = {hour: datetime(2026, 4, 30, hour, 30, tzinfo=UTC) for hour in (8, 9)}
    assert [(one.series, one.version, one.grain, one.start, one.events) for one in markers] == [
        ("ACTIVITY", 1, Grain.HOUR, half_past[8], 2),
        ("ACTIVITY", 1, Grain.HOUR, half_past[9], 1),
        ("share.created", 1, Grain.HOUR, half_past[8], 2),
        ("share.created/feature", 1, Grain.HOUR, half_past[8], 2),
        ("share.created/object_type", 1, Grain.HOUR, half_past[8], 2),
        ("share.created/share_scope", 1, Grain.HOUR, half_past[8], 2),
        ("share.created@account", 1, Grain.HOUR, half_past[8], 2),
    ]


def test_an_anonymous_event_is_nobodys_and_marks_its_hour_like_any_other() -> None:
    acme = opened().workspace
    assert deliver(acme, visit("visitor-1", "2026-04-30T09:15:00")).accepted == 1
    event = Event.objects.get(workspace=acme)
    assert (event.user, event.anonymous_id) == (None, "visitor-1")
    assert [(one.series, one.start) for one in Marker.objects.filter(workspace=acme)] == [
        ("ACTIVITY", datetime(2026, 4, 30, 9, tzinfo=UTC))
    ]


def test_traits_are_dated_history() -> None:
    acme = opened().workspace
    deliver(acme, identify("alice", "2026-03-01T00:00:00", plan="free", seats=Decimal("2.5")))
    deliver(acme, identify("alice", "2026-02-01T00:00:00", plan="trial"))
    changes = TraitChange.objects.filter(workspace=acme, user__external_id="alice").order_by("valid_from", "name")
    assert [(one.valid_from.month, one.name, one.value) for one in changes] == [
        (2, "plan", "trial"),
        (3, "plan", "free"),
        (3, "seats", Decimal("2.5")),
    ]


def test_a_group_call_describes_the_account_and_makes_a_member() -> None:
    acme = opened().workspace
    for name, at in (("initech", "2026-02-01T00:00:00"), ("hooli", "2026-03-01T00:00:00")):
        deliver(acme, {**track("", "alice", at), "type": "group", "groupId": name, "traits": {"size": name}})
    members = MembershipChange.objects.filter(workspace=acme).order_by("valid_from")
    assert [(str(one.account), str(one.user), one.is_primary) for one in members] == [
        ("initech", "alice", None),
        ("hooli", "alice", None),
    ]
    assert Account.objects.get(workspace=acme, external_id="hooli").traits.get().value == "hooli"


def test_of_two_shares_of_one_action_in_a_batch_the_first_counts() -> None:
    acme = opened().workspace
    for number in range(8):
        pair = [
            share("alice", "2026-04-30T09:15:00", action_id=f"s-{number}", feature=name)
            for name in ("first", "second")
        ]
        assert deliver(acme, *pair).duplicate == 1
    assert set(ShareEvent.objects.filter(workspace=acme).values_list("feature", flat=True)) == {"first"}


def test_a_type_that_the_taxonomy_gives_a_column_is_no_length_to_check() -> None:
    acme = opened().workspace
    EventDefinition.objects.filter(workspace=acme, name="action.performed").update(types={"channel": "integer"})
    assert deliver(acme, act("alice", "2026-04-30T09:15:00", channel=5)).accepted == 1


def test_a_share_whose_action_only_a_duplicate_names_counts() -> None:
    # However the batch is cut: the duplicate holds no id.
    acme = opened().workspace
    first = share("alice", "2026-04-30T09:15:00", action_id="s-1", message="m-1")
    deliver(acme, first)
    again = share("alice", "2026-04-30T09:15:00", action_id="s-2", message="m-1")
    third = share("alice", "2026-04-30T09:15:00", action_id="s-2", message="m-3")
    outcome = deliver(acme, first, again, third)
    assert (outcome.accepted, outcome.duplicate) == (1, 2)
