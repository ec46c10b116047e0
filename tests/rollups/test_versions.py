"""A change of meaning or of zone: built beside, then switched at once (KPIS.md G18)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, transaction

from apps.engine.periods import Grain, parse_day, parse_month
from apps.engine.refusals import Refusal
from apps.events import taxonomy
from apps.events.models import EventDefinition, TaxonomyVersion
from apps.kpis.vocabulary import vocabulary
from apps.rollups import queue, versions, worker
from apps.rollups.build.content import Bucket
from apps.rollups.models import Rollup
from apps.rollups.prune import prune
from apps.workspaces.models import Marker, Workspace
from tests.rollups.elsewhere import elsewhere, storing
from tests.world import act, ask, deliver, opened, share, track

APRIL = parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    """Alice is active; Bob did something that has no meaning yet."""
    acme = opened().workspace
    deliver(
        acme,
        act("alice", "2026-04-01T09:00:00"),
        track("Doc Shared", "bob", "2026-04-01T09:10:00", medium="chat"),
        track("Doc Shared", "bob", "2026-04-20T09:10:00"),
    )
    queue.settle(acme.pk)
    return acme


def map_doc_shared(workspace: Workspace) -> None:
    EventDefinition.objects.filter(workspace=workspace, name="Doc Shared").update(
        is_planned=True,
        kind="share.created",
        is_activity=True,
        constants={"share_type": "link", "share_scope": "product"},
        columns={"channel": "medium"},
    )


def values(workspace: Workspace) -> list[tuple[str, object]]:
    workspace.refresh_from_db()
    slugs = ("total_active_users", "users_who_shared", "share_actions", "product_sharing_rate")
    return [(slug, ask(workspace, slug, APRIL).answer.value) for slug in slugs]


OF_SHARES = (
    "share.created",
    *("share.created/feature", "share.created/object_type", "share.created/share_scope"),
    "share.created@account",
)
UNMAPPED = [("total_active_users", 1), ("users_who_shared", 0), ("share_actions", 0), ("product_sharing_rate", 0)]
MAPPED = [("total_active_users", 2), ("users_who_shared", 1), ("share_actions", 2), ("product_sharing_rate", 50)]


@pytest.mark.django_db
def test_an_unplanned_event_is_counted_once_it_is_mapped(acme: Workspace) -> None:
    assert values(acme) == UNMAPPED
    map_doc_shared(acme)
    # And of sessions, what is shared in them.
    assert sorted(taxonomy.publish(acme.pk)) == ["ACTIVITY", "session.started>share.created", *OF_SHARES]
    queue.settle(acme.pk)
    assert values(acme) == MAPPED


@pytest.mark.django_db
def test_facets_come_from_constants_and_other_properties(acme: Workspace) -> None:
    map_doc_shared(acme)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    rows = Rollup.objects.filter(workspace=acme, series="share.created", grain=Grain.HOUR)
    assert sorted((row.facets["share_type"], row.facets["channel"] or "") for row in rows) == [
        ("link", ""),
        ("link", "chat"),
    ]


@pytest.mark.django_db
def test_until_the_new_version_is_built_all_answers_are_the_old_ones(acme: Workspace) -> None:
    map_doc_shared(acme)
    taxonomy.publish(acme.pk)
    steps = 0
    while Workspace.objects.get(pk=acme.pk).versions["building"]:
        assert values(acme) == UNMAPPED
        if not versions.advance(acme.pk):
            waiting = Marker.objects.filter(workspace=acme, version=2).order_by("pk").first()
            assert waiting is not None
            build_one(waiting)
        steps += 1
    assert values(acme) == MAPPED
    # At least: to mark, to build two hours, two days and a month of two series, to switch.
    assert steps >= 12


def build_one(marker: Marker) -> None:
    assert marker.start is not None
    worker.build([Bucket(marker.workspace_id, marker.series, marker.version, Grain(marker.grain), marker.start)])


@pytest.mark.django_db
def test_a_change_of_one_series_leaves_the_others_alone(acme: Workspace) -> None:
    EventDefinition.objects.filter(workspace=acme, name="$page").update(is_activity=True)
    assert list(taxonomy.publish(acme.pk)) == ["ACTIVITY"]
    queue.settle(acme.pk)
    acme.refresh_from_db()
    current = {**dict.fromkeys(taxonomy.SERIES, 1), "ACTIVITY": 2, "STATES": 1}
    assert acme.versions == {"current": current, "building": {}, "marked": True, "retired": []}


@pytest.mark.django_db
def test_a_change_that_means_nothing_builds_nothing(acme: Workspace) -> None:
    EventDefinition.objects.filter(workspace=acme, name="share.created").update(description="New words.")
    assert list(taxonomy.publish(acme.pk)) == []
    assert queue.settle(acme.pk) == 0


@pytest.mark.django_db
def test_a_second_change_during_the_first_wins(acme: Workspace) -> None:
    map_doc_shared(acme)
    taxonomy.publish(acme.pk)
    versions.advance(acme.pk)
    EventDefinition.objects.filter(workspace=acme, name="Doc Shared").update(is_activity=False)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    # Bob's shares count as shares, but he is not active: the rate takes its sharers from the active.
    assert values(acme) == [
        ("total_active_users", 1),
        ("users_who_shared", 1),
        ("share_actions", 2),
        ("product_sharing_rate", 0),
    ]


@pytest.mark.django_db
def test_a_new_zone_moves_events_between_days_and_keeps_the_month(acme: Workspace) -> None:
    deliver(acme, act("carol", "2026-04-10T23:30:00"))
    queue.settle(acme.pk)
    assert ask(acme, "dau", parse_day("2026-04-10", "UTC")).answer.value == 1
    Workspace.objects.filter(pk=acme.pk).update(timezone="Asia/Kolkata")
    assert sorted(taxonomy.publish(acme.pk)) == sorted([*taxonomy.SERIES, "STATES"])
    queue.settle(acme.pk)
    acme.refresh_from_db()
    assert ask(acme, "dau", parse_day("2026-04-10", "Asia/Kolkata")).answer.value == 0
    assert ask(acme, "dau", parse_day("2026-04-11", "Asia/Kolkata")).answer.value == 1
    assert ask(acme, "mau", parse_month("2026-04", "Asia/Kolkata")).answer.value == 2


@pytest.mark.django_db(transaction=True)
def test_a_writer_in_flight_holds_the_change_back_and_is_counted(acme: Workspace) -> None:
    map_doc_shared(acme)
    message = track("Doc Shared", "alice", "2026-04-25T09:00:00")
    with storing(acme, message):
        assert is_waiting_for(acme)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    assert ("share_actions", 3) in values(acme)


def is_waiting_for(workspace: Workspace) -> bool:
    """Whether a publication, given a moment, cannot go on."""

    def publish() -> bool:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '200ms'")
                taxonomy.publish(workspace.pk)
        except OperationalError:
            return True
        return False

    return elsewhere(publish)


@pytest.mark.django_db
def test_while_two_versions_exist_a_writer_marks_both(acme: Workspace) -> None:
    map_doc_shared(acme)
    taxonomy.publish(acme.pk)
    deliver(acme, share("carol", "2026-04-28T09:00:00"))
    marked = Marker.objects.filter(workspace=acme).values_list("series", "version", "start")
    at = datetime(2026, 4, 28, 9, tzinfo=UTC)
    assert sorted(marked) == [(name, version, at) for name in ("ACTIVITY", *OF_SHARES) for version in (1, 2)]


@pytest.mark.django_db
def test_rows_of_versions_gone_are_pruned_after_a_day(acme: Workspace) -> None:
    map_doc_shared(acme)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    old = Rollup.objects.filter(workspace=acme, version=1)
    assert (old.count(), prune()) == (3, 0)
    TaxonomyVersion.objects.filter(workspace=acme).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert prune() == 3
    assert values(acme) == MAPPED


@pytest.mark.django_db
def test_closed_rows_are_pruned_after_a_day(acme: Workspace) -> None:
    deliver(acme, act("bob", "2026-04-01T09:30:00"))
    queue.settle(acme.pk)
    closed = Rollup.objects.filter(workspace=acme, closed_at__isnull=False)
    assert (closed.count(), prune()) == (3, 0)
    closed.update(closed_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert prune() == 3
    assert ask(acme, "total_active_users", APRIL).answer.value == 2


@pytest.mark.django_db
def test_a_mapped_status_decides_what_is_valid(acme: Workspace) -> None:
    deliver(acme, track("Doc Shared", "carol", "2026-04-21T09:10:00", result="failed"))
    map_doc_shared(acme)
    EventDefinition.objects.filter(workspace=acme, name="Doc Shared").update(columns={"status": "result"})
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    assert ("users_who_shared", 1) in values(acme)


@pytest.mark.django_db
def test_a_series_that_is_new_to_the_product_is_built(acme: Workspace) -> None:
    acme.versions["current"].pop("share.created")
    acme.save()
    deliver(acme, share("carol", "2026-04-28T09:00:00"))
    assert list(taxonomy.publish(acme.pk)) == ["share.created"]
    queue.settle(acme.pk)
    assert ("users_who_shared", 1) in values(acme)


@pytest.mark.django_db
def test_a_workspace_made_before_a_series_counts_it_from_the_first_turn_on(acme: Workspace) -> None:
    deliver(acme, track("referral_message.sent", "alice", "2026-04-10T09:00:00", channel="sms"))
    queue.settle(acme.pk)
    forget_series(acme, "referral_message.sent")
    with pytest.raises(Refusal) as refused:
        ask(acme, "referral_messages_sent", APRIL)
    assert refused.value.code == "NOT_COUNTED_YET"
    assert "email" in vocabulary(acme).channels

    queue.sweep()
    acme.refresh_from_db()

    assert acme.versions["current"]["referral_message.sent"] == 2
    assert ask(acme, "referral_messages_sent", APRIL).answer.value == 1
    # Nothing else that is said in the taxonomy had changed.
    assert acme.versions["current"]["ACTIVITY"] == 1


def forget_series(workspace: Workspace, series: str) -> None:
    """The workspace is one of before the product had the series."""
    Rollup.objects.filter(workspace=workspace, series=series).delete()
    workspace.versions["current"].pop(series)
    workspace.save(update_fields=["versions"])
