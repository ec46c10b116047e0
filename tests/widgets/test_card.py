from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.engine.periods import Grain, between, containing, parse_week
from apps.events import taxonomy
from apps.kpis.catalogue import answered, find
from apps.rollups import queue
from apps.widgets.card import Card, days, read
from apps.workspaces.models import Workspace
from tests.widgets.world import acme_world
from tests.world import NOW, act, ask, deliver, opened

pytestmark = pytest.mark.django_db

FIRST, LAST = parse_week("2026-W09", "UTC").first, parse_week("2026-W20", "UTC").first


@pytest.fixture
def acme() -> Workspace:
    return acme_world()


def card(workspace: Workspace, slug: str) -> Card:
    workspace.refresh_from_db()
    return read(workspace, find(slug), NOW)


@pytest.mark.parametrize(
    ("slug", "label", "value"),
    [
        ("product_sharing_rate", "2026-04", 25),
        ("total_active_users", "2026-04", 4),
        ("share_actions", "2026-04", 2),
        ("dau", "2026-05-19", 1),
        ("wau", "2026-W20", 2),
        ("mau", "2026-04", 4),
        ("mau_rolling_30d", "2026-04-20/2026-05-20", 4),
    ],
)
def test_the_headline_is_of_the_last_period_that_is_over(
    acme: Workspace, slug: str, label: str, value: int
) -> None:
    headline = card(acme, slug).headline
    assert headline.answer.period.label == label
    assert headline.answer.value == value
    assert headline.answer.period.end <= NOW


@pytest.mark.parametrize("slug", answered())
def test_the_line_is_of_the_last_twelve_weeks(acme: Workspace, slug: str) -> None:
    weeks = card(acme, slug).weeks
    assert [week.asked.question.period.label for week in weeks] == [
        f"2026-W{number:02}" for number in range(9, 21)
    ]
    for week in weeks:
        assert week.answer.value == ask(acme, slug, week.asked.question.period).answer.value


def test_a_week_is_that_of_the_workspace(acme: Workspace) -> None:
    assert [week.answer.value for week in card(acme, "wau").weeks] == [0, 0, 0, 0, 0, 0, 2, 0, 4, 0, 0, 2]


def test_the_database_is_asked_twice_at_most(acme: Workspace) -> None:
    taxonomy.load(acme.pk, 1)
    with CaptureQueriesContext(connection) as asked:
        read(acme, find("product_sharing_rate"), NOW)
    assert len(asked) <= 2


def test_a_card_is_empty_until_something_counts(acme: Workspace) -> None:
    assert not card(acme, "share_actions").is_empty
    beta = opened("beta").workspace
    assert card(beta, "dau").is_empty
    deliver(beta, act("alice", "2026-03-02T10:00:00"))
    queue.settle(beta.pk)
    assert not card(beta, "wau").is_empty
    assert card(beta, "share_actions").is_empty


def test_a_card_is_stale_while_something_waits(acme: Workspace) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    deliver(acme, act("dora", yesterday.isoformat()), now=timezone.now())
    assert read(acme, find("dau"), timezone.now()).is_stale
    assert read(acme, find("dau"), timezone.now()).headline.receipt.pending_events == 1
    queue.settle(acme.pk)
    fresh = read(acme, find("dau"), timezone.now())
    assert not fresh.is_stale
    assert fresh.headline.answer.value == 1


def test_a_new_zone_shows_once_everything_is_counted_in_it(acme: Workspace) -> None:
    Workspace.objects.update(timezone="Asia/Kolkata")
    taxonomy.publish(acme.pk)
    zones = []
    for _ in range(2):
        acme.refresh_from_db()
        zones.append(card(acme, "dau").headline.answer.period.zone)
        queue.settle(acme.pk)
    assert zones == ["UTC", "Asia/Kolkata"]


def test_days_are_written_as_people_do() -> None:
    assert days(containing(FIRST, Grain.MONTH, "UTC")) == "February 2026"
    assert days(containing(FIRST, Grain.DAY, "UTC")) == "23 February 2026"
    assert days(containing(FIRST, Grain.WEEK, "UTC")) == "23 Feb – 1 Mar 2026"
    assert days(containing(LAST, Grain.WEEK, "UTC")) == "11 – 17 May 2026"
    assert days(between(FIRST, FIRST + timedelta(days=1), "UTC")) == "23 February 2026"
    assert days(between(FIRST - timedelta(days=90), FIRST, "UTC")) == "25 Nov 2025 – 22 Feb 2026"
