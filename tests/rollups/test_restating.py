"""Days that changed when they had long been over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.engine.conditions import TraitIs, TraitOp
from apps.engine.expressions import Question
from apps.engine.periods import Grain, parse_month, split
from apps.events import taxonomy
from apps.events.models import Event, EventDefinition, TaxonomyVersion
from apps.kpis.catalogue import find
from apps.kpis.evaluate import Asked, Result, evaluate
from apps.rollups import prune, queue
from apps.rollups.build.content import Bucket
from apps.rollups.marking import Waiting, mark
from apps.rollups.models import Restatement
from apps.workspaces.models import Workspace
from tests.world import NOW, act, alias, ask, deliver, identify, opened, share, track

pytestmark = pytest.mark.django_db(transaction=True)

MARCH, APRIL = parse_month("2026-03", "UTC"), parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    """Long in use: what comes in now, of spring, comes late."""
    acme = opened().workspace
    deliver(acme, act("alice", "2026-03-10T09:00:00"), act("alice", "2026-04-10T09:00:00"))
    queue.settle(acme.pk)
    opening = datetime(2026, 1, 1, tzinfo=UTC)
    Workspace.objects.filter(pk=acme.pk).update(created_at=opening)
    TaxonomyVersion.objects.filter(workspace=acme).update(created_at=opening)
    return acme


def restated(workspace: Workspace, slug: str = "total_active_users") -> dict[str, bool]:
    workspace.refresh_from_db()
    return {period.label: ask(workspace, slug, period).is_restated for period in (MARCH, APRIL)}


def test_what_a_workspace_begins_with_restates_nothing(acme: Workspace) -> None:
    assert restated(acme) == {"2026-03": False, "2026-04": False}
    assert not Restatement.objects.filter(workspace=acme).exists()


def test_a_late_event_restates_its_period_and_no_other(acme: Workspace) -> None:
    deliver(acme, act("bob", "2026-03-11T09:00:00"))
    queue.settle(acme.pk)
    assert restated(acme) == {"2026-03": True, "2026-04": False}
    assert restated(acme, "share_actions") == {"2026-03": False, "2026-04": False}


def test_what_changes_nothing_restates_nothing(acme: Workspace) -> None:
    deliver(acme, act("alice", "2026-03-10T09:30:00"))
    queue.settle(acme.pk)
    assert restated(acme) == {"2026-03": False, "2026-04": False}


def test_a_merge_restates_where_two_became_one(acme: Workspace) -> None:
    deliver(acme, act("al", "2026-04-10T10:00:00"))
    queue.settle(acme.pk)
    Restatement.objects.filter(workspace=acme).delete()
    deliver(acme, alias("al", "alice", "2026-05-01T10:00:00"))
    queue.settle(acme.pk)
    assert restated(acme) == {"2026-03": False, "2026-04": True}


def test_a_day_that_has_nothing_left_is_restated_too(acme: Workspace) -> None:
    Event.objects.filter(workspace=acme, occurred_at__gte=APRIL.start).delete()
    hour = Bucket(acme.pk, "ACTIVITY", 1, Grain.HOUR, datetime(2026, 4, 10, 9, tzinfo=UTC))
    mark({hour: Waiting(1, NOW)})
    queue.settle(acme.pk)
    assert ask(acme, "total_active_users", APRIL).answer.value == 0
    assert restated(acme) == {"2026-03": False, "2026-04": True}


def test_another_meaning_of_events_restates_whatever_they_count_in(acme: Workspace) -> None:
    EventDefinition.objects.filter(workspace=acme, name="action.performed").update(is_activity=False)
    taxonomy.publish(acme.pk)
    queue.settle(acme.pk)
    assert restated(acme) == {"2026-03": True, "2026-04": True}
    assert restated(acme, "share_actions") == {"2026-03": False, "2026-04": False}
    prune.prune()
    assert restated(acme) == {"2026-03": True, "2026-04": True}


def test_a_trait_that_is_told_late_restates_who_is_in_a_segment(acme: Workspace) -> None:
    acme.refresh_from_db()
    pro = TraitIs("plan", TraitOp.EQUALS, ("pro",))

    def of_pro() -> Result:
        (result,) = evaluate(acme, [Asked(find("total_active_users"), Question(APRIL, NOW, segment=pro))])
        return result

    assert not of_pro().is_restated
    deliver(acme, identify("alice", "2026-04-20T09:00:00", plan="pro"))
    queue.settle(acme.pk)
    assert of_pro().is_restated
    assert restated(acme) == {"2026-03": False, "2026-04": False}


def test_what_came_while_the_period_ran_is_no_restatement(acme: Workspace) -> None:
    deliver(acme, act("bob", "2026-04-11T09:00:00"))
    queue.settle(acme.pk)
    Restatement.objects.filter(workspace=acme).update(at=APRIL.end + timedelta(hours=23))
    assert restated(acme) == {"2026-03": False, "2026-04": False}
    Restatement.objects.filter(workspace=acme).update(at=APRIL.end + timedelta(hours=24))
    assert restated(acme) == {"2026-03": False, "2026-04": True}


def test_any_number_of_points_takes_one_statement(acme: Workspace) -> None:
    days = split(APRIL, Grain.DAY)
    results = evaluate(acme, [Asked(find("total_active_users"), Question(day, NOW)) for day in days])
    with CaptureQueriesContext(connection) as captured:
        assert [result.is_restated for result in results] == [False] * 30
    assert len(captured) == 1


def test_what_raw_events_tell_is_restated_when_other_rows_of_them_change(acme: Workspace) -> None:
    deliver(acme, share("alice", "2026-04-11T09:00:00", object_type="doc", message="s-1"))
    queue.settle(acme.pk)
    Restatement.objects.filter(workspace=acme).delete()
    acme.refresh_from_db()
    asked = Question(APRIL, NOW).only("object_type", ["doc"]).only("channel", ["email"])

    def of_docs() -> Result:
        (result,) = evaluate(acme, [Asked(find("share_actions"), asked)])
        return result

    assert (of_docs().answer.value, of_docs().is_restated) == (Decimal(1), False)
    deliver(acme, track("event.corrected", "bob", "2026-05-10T09:00:00", corrects="s-1", object_type="report"))
    queue.settle(acme.pk)
    assert (of_docs().answer.value, of_docs().is_restated) == (Decimal(0), True)
