"""Days of a state and the months that are composed of them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils.timezone import now

from apps.audience.models import Trait, TraitValue
from apps.engine.expressions import OTHER
from apps.engine.periods import Grain, bucket_end
from apps.engine.sets import Members, Space
from apps.rollups import compose, queue, subjects, worker
from apps.rollups.build.content import Bucket
from apps.rollups.build.states import months_after
from apps.rollups.marking import Waiting, mark
from apps.rollups.models import BucketFailure, Rollup, StateRow
from apps.rollups.writing import write
from apps.workspaces.models import Marker, Workspace
from tests.rollups.elsewhere import elsewhere
from tests.world import deliver, identify, opened

pytestmark = pytest.mark.django_db(transaction=True)

PLAN = "user:trait:plan"
BEFORE = (("bob", "02"), ("dan", "11"))
AT = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def acme() -> Workspace:
    return opened().workspace


def on(acme: Workspace, grain: Grain, day: str) -> Bucket:
    return Bucket(acme.pk, PLAN, 1, grain, datetime.fromisoformat(f"{day}T00:00:00Z"))


def months(workspace: Workspace) -> dict[str, dict[str, set[int]]]:
    """Of each month that has rows, by its first day in a zone not ahead of UTC, who held which value."""
    found: dict[str, dict[str, set[int]]] = {}
    for row in Rollup.objects.filter(workspace=workspace, series=PLAN, grain=Grain.MONTH, closed_xid=None):
        holders = set(Members.load(Space.USER, bytes(row.members)))
        found.setdefault(f"{row.start:%Y-%m-%d}", {})[row.facets["value"]] = holders
    return found


def months_by_rows(workspace: Workspace) -> dict[str, dict[str, set[int]]]:
    """The same, read off the state rows one by one."""
    rows = list(StateRow.objects.filter(workspace=workspace, series=PLAN))
    kept = set(TraitValue.objects.filter(workspace=workspace).values_list("value", flat=True))
    found: dict[str, dict[str, set[int]]] = {}
    for month in [date(2025, n, 1) for n in range(1, 13)] + [date(2026, n, 1) for n in range(1, 13)]:
        before = (month - timedelta(days=1)).replace(day=1)
        if not any(before <= day < month for row in rows for day in (row.first_day, row.end_day) if day):
            continue
        for row in rows:
            if row.first_day < month and (row.end_day is None or row.end_day >= month):
                value = row.value if row.value in kept else OTHER
                found.setdefault(month.isoformat(), {}).setdefault(value, set()).add(row.subject)
    return found


@pytest.mark.parametrize(
    ("grain", "day", "months"),
    [
        # A day: its own month, which may have no rows yet, and all that have begun since.
        (Grain.DAY, "2026-03-10", ["2026-03-01", "2026-04-01", "2026-05-01"]),
        (Grain.DAY, "2026-05-01", ["2026-05-01"]),
        # A month: those after it.
        (Grain.MONTH, "2026-03-01", ["2026-04-01", "2026-05-01"]),
        (Grain.MONTH, "2026-05-01", []),
        # What is to come has no month yet.
        (Grain.DAY, "2026-06-01", []),
    ],
)
def test_a_day_or_a_month_reaches_every_month_that_has_begun_since(
    acme: Workspace, grain: Grain, day: str, months: list[str]
) -> None:
    assert [f"{start:%Y-%m-%d}" for start in months_after(on(acme, grain, day), AT)] == months


@pytest.mark.parametrize("seed", range(6))
def test_months_composed_in_any_order_say_what_the_state_rows_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five plans, of which four are told apart; gaps of whole months; what is late changes every month since.
    monkeypatch.setattr("apps.rollups.listing.MOST", 4)
    acme, dice = opened(zone="America/Sao_Paulo").workspace, Random(seed)
    for _ in range(6):
        said = [
            identify(
                dice.choice(("alice", "bob", "carol", "dan")),
                f"{date(2025, 1, 1) + timedelta(dice.choice((3, 40, 200, 330)) + dice.randrange(30))}T01:00:00",
                plan=dice.choice(("free", "pro", "team", "trial", "gift", None)),
            )
            for _ in range(dice.randint(1, 4))
        ]
        deliver(acme, *said)
        queue.settle(acme.pk)
        by_rows = months_by_rows(acme)
        assert months(acme) == by_rows, f"seed {seed}"
    assert len(by_rows) >= 2
    assert Trait.objects.get(workspace=acme, space="user").name == "plan"


def test_what_is_late_reaches_months_beyond_a_gap(acme: Workspace) -> None:
    deliver(acme, identify("bob", "2025-11-07T10:00:00", plan="pro"))
    queue.settle(acme.pk)
    deliver(acme, identify("alice", "2025-02-07T10:00:00", plan="pro"))
    queue.settle(acme.pk)
    found = [(month, len(holders['"pro"'])) for month, holders in sorted(months(acme).items())]
    assert found == [("2025-03-01", 1), ("2025-12-01", 2)]


@pytest.mark.parametrize("step", ["take_markers", "rebuild", "write", "mark_wholes"])
def test_a_day_built_between_any_two_steps_of_a_later_month_is_composed(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    deliver(acme, identify("bob", "2025-11-07T10:00:00", plan="pro"))
    real, done = getattr(worker, step), list[bool]()

    def stepped(buckets: Iterable[Bucket], *rest: object) -> object:
        first = next(iter(buckets))
        if not done and (first.series, first.grain) == (PLAN, Grain.MONTH):
            done.append(True)
            elsewhere(late)
        return real(buckets, *rest)

    def late() -> None:
        deliver(acme, identify("alice", "2025-02-07T10:00:00", plan="pro"))
        queue.settle(acme.pk)

    monkeypatch.setattr(worker, step, stepped)
    queue.settle(acme.pk)
    assert done
    queue.settle(acme.pk)
    assert {month: len(holders['"pro"']) for month, holders in months(acme).items()} == {
        "2025-03-01": 1,
        "2025-12-01": 2,
    }


def test_a_month_composed_of_one_that_is_being_built_is_built_again(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # While one worker writes March, another composes December of March as it was, and takes the day's marker.
    deliver(acme, *(identify(who, f"2025-{month}-07T10:00:00", plan="pro") for who, month in BEFORE))
    queue.settle(acme.pk)
    deliver(acme, identify("alice", "2025-02-08T10:00:00", plan="pro"))
    subjects.resolve(subjects.due(acme.pk)[0])
    assert worker.build([on(acme, Grain.DAY, "2025-02-08")]) == 1
    march, december = on(acme, Grain.MONTH, "2025-03-01"), on(acme, Grain.MONTH, "2025-12-01")
    built = list[int]()

    def writing(*given: Any) -> Any:
        monkeypatch.setattr(worker, "write", write)
        elsewhere(lambda: built.append(worker.build([december])))
        return write(*given)

    monkeypatch.setattr(worker, "write", writing)
    assert (worker.build([march]), built) == (1, [1])
    assert Marker.objects.filter(workspace=acme, grain=Grain.MONTH, start=december.start).exists()
    queue.settle(acme.pk)
    assert {month: len(holders['"pro"']) for month, holders in months(acme).items()} == {
        "2025-03-01": 2,
        "2025-12-01": 3,
    }


def test_a_month_has_no_rows_before_it_begins(acme: Workspace) -> None:
    deliver(acme, identify("bob", f"{now():%Y-%m}-01T00:00:00", plan="free"), now=now())
    queue.settle(acme.pk)
    coming = Bucket(acme.pk, PLAN, 1, Grain.MONTH, bucket_end(now(), Grain.MONTH, "UTC"))
    mark({coming: Waiting(1, now())})
    assert worker.build([coming]) == 1
    assert months(acme) == {}


def test_a_month_that_is_about_to_begin_is_marked(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever builds a day just before may commit it after somebody composed the month.
    monkeypatch.setattr(compose, "database_clock", lambda: datetime(2026, 4, 30, 23, 30, tzinfo=UTC))
    day = on(acme, Grain.DAY, "2026-04-30")
    assert [whole.start.month for _, whole in compose.wholes([day])] == [4, 5]
    monkeypatch.setattr(compose, "database_clock", lambda: datetime(2026, 4, 30, 22, 30, tzinfo=UTC))
    assert [whole.start.month for _, whole in compose.wholes([day])] == [4]


def test_a_statement_of_the_year_one_is_composed_like_any_other(acme: Workspace) -> None:
    deliver(acme, identify("bob", "0001-01-01T00:00:00", plan="free"), now=datetime(1, 1, 2, tzinfo=UTC))
    queue.settle(acme.pk)
    assert [len(holders) for holders in months(acme).values()] == [1]
    assert not BucketFailure.objects.filter(workspace=acme).exists()


def test_a_month_of_which_nothing_changed_is_not_written_again(acme: Workspace) -> None:
    deliver(acme, identify("bob", "2025-11-07T10:00:00", plan="pro"))
    queue.settle(acme.pk)
    deliver(acme, identify("bob", f"{now():%Y-%m}-01T00:00:00", plan="free"), now=now())
    queue.settle(acme.pk)
    of_plan = Rollup.objects.filter(workspace=acme, series=PLAN, grain=Grain.MONTH)
    assert [(f"{row.start:%Y-%m-%d}", row.closed_xid) for row in of_plan] == [("2025-12-01", None)]
