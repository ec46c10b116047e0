from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.engine.definitions import where
from apps.engine.expressions import Need
from apps.engine.numbers import Numbers
from apps.engine.periods import Grain, Period, PeriodError, parse_day, parse_month, parse_week
from apps.engine.sets import Members, Space
from apps.rollups import queue, store, worker
from apps.rollups.build.content import Bucket
from apps.rollups.cache import CACHE
from apps.rollups.finding import Pending
from apps.rollups.models import Rollup
from apps.rollups.rows import DamagedRow
from apps.workspaces.models import Marker, Workspace
from tests.world import act, deliver, opened, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Workspace:
    CACHE.clear()
    acme = opened(zone="Europe/Berlin").workspace
    deliver(
        acme,
        act("alice", "2026-03-31T21:59:00"),  # 31 March in Berlin, by a minute
        act("bob", "2026-03-31T22:00:00"),  # 1 April
        share("bob", "2026-04-10T08:00:00"),
        share("carol", "2026-04-10T08:30:00", channel="social", share_type="link"),
        share("carol", "2026-04-12T08:30:00", channel="social", share_type="link"),
    )
    queue.settle(acme.pk)
    return acme


def need(series: str, period: Period, **allowed: list[str | None]) -> Need:
    return Need(series, where(allowed), period.start, period.end, counts=series != "ACTIVITY")


def berlin(month: str) -> Period:
    return parse_month(month, "Europe/Berlin")


@pytest.mark.parametrize(
    ("period", "ordinals"),
    [
        (berlin("2026-03"), [0]),
        (berlin("2026-04"), [1, 2]),
        (parse_day("2026-04-10", "Europe/Berlin"), [1, 2]),
        (parse_week("2026-W15", "Europe/Berlin"), [1, 2]),
        (parse_month("2026-04", "UTC"), [1, 2]),
        (parse_day("2026-03-31", "UTC"), [0, 1]),
        (berlin("2026-05"), []),
    ],
    ids=lambda value: value.label + value.zone if isinstance(value, Period) else None,
)
def test_members_are_everybody_in_the_period(acme: Workspace, period: Period, ordinals: list[int]) -> None:
    wanted = need("ACTIVITY", period)
    assert list(store.load(acme, [wanted]).members(wanted)) == ordinals


def test_a_month_reads_one_row_and_a_day_of_another_zone_its_hours(acme: Workspace) -> None:
    month, day = need("ACTIVITY", berlin("2026-04")), need("ACTIVITY", parse_day("2026-03-31", "UTC"))
    facts = store.load(acme, [month, day])
    assert [row.grain for row in facts.rows(month)] == [Grain.MONTH]
    assert [row.grain for row in facts.rows(day)] == [Grain.HOUR, Grain.HOUR]


def test_facets_limit_who_and_how_much(acme: Workspace) -> None:
    all_shares, links = (
        need("share.created", berlin("2026-04")),
        need("share.created", berlin("2026-04"), share_type=["link"]),
    )
    facts = store.load(acme, [all_shares, links])
    assert (list(facts.members(all_shares)), list(facts.members(links))) == ([1, 2], [2])
    assert Numbers.total(facts.columns(all_shares)).items(None, 10) == [(1, 1), (2, 2)]
    told = {(values, tuple(who)) for values, who, _ in facts.told(all_shares, ["channel", "share_type"])}
    assert told == {
        (frozenset({("email", "invite")}), (1,)),
        (frozenset({("social", "link")}), (2,)),
    }


def test_a_zone_whose_days_begin_within_a_stored_hour_is_an_error(acme: Workspace) -> None:
    with pytest.raises(PeriodError) as error:
        store.load(acme, [need("ACTIVITY", parse_day("2026-04-10", "Asia/Kolkata"))])
    assert error.value.code == "TIMEZONE_NOT_ALIGNED"


def test_any_number_of_needs_costs_two_statements_and_one_once_they_are_held(acme: Workspace) -> None:
    needs = [
        need(series, parse_day(f"2026-04-{day:02}", "Europe/Berlin"))
        for series in ("ACTIVITY", "share.created")
        for day in range(1, 31)
    ]
    store.load(acme, needs)  # the taxonomy version is read once a process
    CACHE.clear()
    for statements in (2, 1):
        with CaptureQueriesContext(connection) as captured:
            store.load(acme, needs)
        assert len(captured) == statements


def test_what_waits_is_told_for_the_period_asked(acme: Workspace) -> None:
    april, march = need("ACTIVITY", berlin("2026-04")), need("ACTIVITY", berlin("2026-03"))
    assert store.load(acme, [april]).waiting([april]) == Pending(0, None)
    deliver(acme, act("dora", "2026-04-20T09:00:00"), act("dora", "2026-04-20T10:00:00"))
    facts = store.load(acme, [april, march])
    waiting = facts.waiting([april, april])
    assert (waiting.events, waiting.since is not None) == (2, True)
    assert facts.waiting([march]).events == 0


def test_what_waits_for_its_day_or_month_is_told_too(acme: Workspace) -> None:
    april = need("ACTIVITY", berlin("2026-04"))
    deliver(acme, act("dora", "2026-04-20T09:00:00"))
    told: list[int | str] = []
    while queue.pending(acme.pk):
        told.append(store.load(acme, [april]).waiting([april]).events)
        told.append(build_what_waits(acme))
    assert told == [1, "hour", 1, "day", 1, "month"]
    assert store.load(acme, [april]).waiting([april]).events == 0


def build_what_waits(workspace: Workspace) -> str:
    """Build the one bucket that waits; return its grain."""
    marker = Marker.objects.get(workspace=workspace)
    assert marker.start is not None
    worker.build([Bucket(workspace.pk, marker.series, marker.version, Grain(marker.grain), marker.start)])
    return marker.grain


def test_a_row_whose_bytes_changed_is_not_believed(acme: Workspace) -> None:
    april = need("ACTIVITY", berlin("2026-04"))
    forged = Members.of(Space.USER, [1, 2, 3]).dump()
    Rollup.objects.filter(workspace=acme, series="ACTIVITY", grain=Grain.MONTH).update(members=forged)
    with pytest.raises(DamagedRow, match="does not match its checksum"):
        store.load(acme, [april])


def test_the_first_day_of_activity_is_known(acme: Workspace) -> None:
    assert store.load(acme, [need("ACTIVITY", berlin("2026-04"))]).begun == datetime(2026, 3, 30, 22, tzinfo=UTC)


def test_whoever_hears_of_an_erasure_remembers_nothing(acme: Workspace) -> None:
    april = need("ACTIVITY", berlin("2026-04"))
    store.load(acme, [april])
    assert CACHE.size > 0
    Workspace.objects.filter(pk=acme.pk).update(erasures=1)
    acme.refresh_from_db()
    store.load(acme, [])
    assert CACHE.size == 0
