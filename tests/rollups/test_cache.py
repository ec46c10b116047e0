"""What a process holds of the rows that it read, and of what it made of them."""

from datetime import date

import pytest

from apps.engine.expressions import StateNeed
from apps.engine.sets import Holders, Members, Space
from apps.rollups import queue, store
from apps.rollups.cache import CACHE, Cache, Held
from apps.rollups.models import Rollup
from apps.workspaces.models import Workspace
from tests.rollups.test_subjects import holders
from tests.world import deliver, identify, opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> Workspace:
    return opened(zone="Europe/Berlin").workspace


def test_the_cache_forgets_the_least_used_beyond_its_capacity() -> None:
    cache = Cache(capacity=10)
    row = Held("a row", size=4)
    cache.put(0, {1: row, 2: row})
    cache.get(0, [1])
    cache.put(0, {3: row})
    assert sorted(cache.get(0, [1, 2, 3])) == [1, 3]
    assert cache.size == 8


def test_after_an_erasure_no_row_that_was_held_before_is_believed() -> None:
    cache = Cache(capacity=10)
    cache.put(0, {1: Held("a row", size=4)})
    assert (sorted(cache.get(0, [1])), sorted(cache.get(1, [1]))) == ([1], [])


WHAT = "whoever has one of very many values"


def found(workspace: Workspace, series: str, day: str) -> list[str]:
    """What is looked for, when it is asked once more what is to be found in a state: nothing where it is known."""
    looked_for: list[str] = []

    def find() -> Holders:
        looked_for.append(day)
        return Holders(Members.of(Space.USER, [7]), is_rest=True)

    need = StateNeed(series, date.fromisoformat(day))
    told = store.load(workspace, [need]).once(WHAT, [need], find)
    assert (list(told.members), told.is_rest) == ([7], True)
    return looked_for


def test_what_was_found_in_a_state_is_looked_for_again_when_the_state_has_changed(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(acme, identify("alice", "2026-01-05T10:00:00", plan="pro"))
    queue.settle(acme.pk)
    for day in ("2026-01-29", "2026-01-31"):
        assert (found(acme, "user:trait:plan", day), found(acme, "user:trait:plan", day)) == ([day], [])
    with monkeypatch.context() as patched:
        # Nor are the days put together again.
        patched.delattr("apps.rollups.replay.replayed")
        assert holders(acme, "user:trait:plan", "2026-01-31") == {'"pro"': {"alice"}}
    deliver(acme, identify("bob", "2026-01-30T10:00:00", plan="pro"))
    queue.settle(acme.pk)
    assert found(acme, "user:trait:plan", "2026-01-29") == []
    before = CACHE.size
    assert found(acme, "user:trait:plan", "2026-01-31") == ["2026-01-31"]
    assert CACHE.size >= before + len(WHAT) + Members.of(Space.USER, [7]).size
    assert holders(acme, "user:trait:plan", "2026-01-31") == {'"pro"': {"alice", "bob"}}


def test_what_was_found_among_values_that_are_not_told_apart_is_looked_for_again(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.rollups.listing.MOST", 1)
    deliver(acme, identify("alice", "2026-01-05T10:00:00", city="Ulm"))
    queue.settle(acme.pk)
    deliver(acme, identify("carla", "2026-01-06T10:00:00", city="Cadiz"))
    queue.settle(acme.pk)
    rows = Rollup.objects.filter(workspace=acme, series="user:trait:city", closed_xid=None)
    before = set(rows.values_list("pk", flat=True))
    assert found(acme, "user:trait:city", "2026-01-31") == ["2026-01-31"]
    # She is still among the others, so no row changes.
    deliver(acme, identify("carla", "2026-01-06T11:00:00", city="Delft"))
    queue.settle(acme.pk)
    assert set(rows.values_list("pk", flat=True)) == before
    assert found(acme, "user:trait:city", "2026-01-31") == ["2026-01-31"]
