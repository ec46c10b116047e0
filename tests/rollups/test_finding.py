"""The rows behind a question: looked for once, for as long as nothing is committed."""

import pytest
from django.db import transaction

from apps.engine.expressions import Need
from apps.engine.periods import parse_day, parse_month
from apps.events import taxonomy
from apps.rollups import finding, queue
from apps.rollups.finding import Found, Pending, find
from apps.rollups.reach import Place
from apps.workspaces.models import Workspace
from tests.rollups.elsewhere import elsewhere
from tests.world import act, deliver, opened, track

pytestmark = pytest.mark.django_db(transaction=True)

APRIL = parse_month("2026-04", "UTC")


@pytest.fixture
def acme() -> Workspace:
    acme = opened().workspace
    deliver(acme, act("alice", "2026-04-10T09:00:00"))
    queue.settle(acme.pk)
    return acme


def found(workspace: Workspace, series: str = "ACTIVITY") -> Found:
    place = Place(workspace.pk, taxonomy.versions_of(workspace).current)
    return find(place, [Need(series, (), APRIL.start, APRIL.end, counts=False)])


def waiting(workspace: Workspace, series: str) -> int:
    place = Place(workspace.pk, taxonomy.versions_of(workspace).current)
    need = Need(series, (), APRIL.start, APRIL.end, counts=False)
    return find(place, [need]).waits({(series, span) for span in place.watched(need)}).events


def test_what_was_found_stands_until_something_is_committed(acme: Workspace) -> None:
    first = found(acme)
    assert found(acme) is first
    elsewhere(lambda: deliver(acme, act("bob", "2026-04-11T09:00:00")))
    second = found(acme)
    assert second is not first
    assert (waiting(acme, "ACTIVITY"), found(acme) is second) == (1, True)


def test_one_sees_what_one_has_written_oneself(acme: Workspace) -> None:
    with transaction.atomic():
        before = found(acme)
        deliver(acme, act("bob", "2026-04-11T09:00:00"))
        assert found(acme) is not before
        assert waiting(acme, "ACTIVITY") == 1
        transaction.set_rollback(True)
    assert waiting(acme, "ACTIVITY") == 0


def test_only_the_last_questions_are_remembered(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LATELY", 1)
    first = found(acme)
    assert found(acme, "share.created") is not first
    assert found(acme) is not first


def test_days_side_by_side_are_looked_for_as_one(acme: Workspace) -> None:
    place = Place(acme.pk, taxonomy.versions_of(acme).current)
    days = [parse_day(f"2026-04-{day:02}", "UTC") for day in (9, 10, 11)]
    needs = [Need("ACTIVITY", (), day.start, day.end, counts=False) for day in days]
    told = find(place, needs)
    assert [len(told.ids("ACTIVITY", place.spans(need))) for need in needs] == [0, 1, 0]
    assert sum(len(rows.what) for rows in told.rows.values()) == 1


def test_a_share_that_says_its_session_keeps_nobody_waiting_whose_answer_it_cannot_change(acme: Workspace) -> None:
    deliver(acme, track("session.started", "alice", "2026-03-01T09:00:00", session_id="s-1"))
    sessions = "session.started>share.created"
    causes = sum(one.events for name, one in found(acme).people.items() if name == "in session")
    assert causes > 0
    assert (waiting(acme, "ACTIVITY"), waiting(acme, sessions)) == (0, causes)
    queue.settle(acme.pk)
    assert found(acme).waits(set()) == Pending(0, None)


def test_what_would_take_much_room_is_not_remembered(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_ROWS", 0)
    assert found(acme) is not found(acme)
    assert found(acme, "share.created") is found(acme, "share.created")


def test_an_erasure_lets_every_connection_forget(acme: Workspace) -> None:
    first = found(acme)
    finding.forget()
    assert found(acme) is not first
