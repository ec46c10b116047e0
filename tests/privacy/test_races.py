"""Whoever read something of a person before the erasure, and writes it after: interleavings, written down."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from apps.audience.marking import mark_ordinals
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.privacy import derived
from apps.privacy.erase import erase
from apps.rollups import queue, subjects, worker
from apps.rollups.build.content import Bucket
from apps.rollups.models import Rollup, StateRow
from apps.rollups.subjects import Subject
from apps.workspaces.models import Marker, Workspace
from tests.privacy.alice import SECRETS, identify, left, tell_of_her
from tests.rollups.elsewhere import elsewhere, storing
from tests.world import act, opened

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 30
QUIRK = "user:trait:quirk"


@pytest.fixture
def acme() -> Workspace:
    workspace = opened().workspace
    tell_of_her(workspace)
    return workspace


class Died(Exception):
    """The process was killed: its transaction is rolled back."""


@contextmanager
def half_done(doing: Callable[[], object], *, dies: bool = False) -> Iterator[None]:
    """Something was done on another connection, which commits, or dies, when the block ends."""
    done, go_on = Event(), Event()

    def act() -> None:
        try:
            with transaction.atomic():
                doing()
                done.set()
                assert go_on.wait(SECONDS)
                if dies:
                    raise Died
        except Died:
            pass
        finally:
            connection.close()

    thread = Thread(target=act)
    thread.start()
    assert done.wait(SECONDS)
    try:
        yield
    finally:
        go_on.set()
        thread.join(SECONDS)


@contextmanager
def erasing(workspace: Workspace) -> Iterator[Thread]:
    """An erasure that has begun and must wait for somebody; it has ended when the outer block has."""
    thread = Thread(target=lambda: elsewhere(lambda: erase(workspace.pk, "alice-1")))
    thread.start()
    thread.join(1)
    assert thread.is_alive()
    yield thread


def build_all(workspace: Workspace, grain: Grain) -> int:
    """Build whatever waits of the trait that tells who she is."""
    markers = Marker.objects.filter(workspace=workspace, series=QUIRK, grain=grain)
    found = {(marker.version, marker.start) for marker in markers if marker.start}
    return sum(worker.build([Bucket(workspace.pk, QUIRK, version, grain, at)]) for version, at in found)


def alice(workspace: Workspace) -> Subject:
    (ordinal,) = workspace.productuser_set.filter(external_id="alice-1").values_list("counts_as", flat=True)
    return Subject(workspace.pk, Space.USER, ordinal)


def test_a_message_that_is_being_stored_is_erased_with_the_rest(acme: Workspace) -> None:
    more = identify("alice-1", "2026-04-20T00:00:00", "cookie-c", nick="Cheshire")
    with storing(acme, more, act("alice-2", "2026-04-20T00:00:00", note="Cheshire")), erasing(acme) as erasure:
        pass
    erasure.join(SECONDS)

    assert left(*SECRETS, "cookie-c", "Cheshire") == []


@pytest.mark.parametrize("dies", [False, True])
def test_a_worker_that_has_read_her_history_leaves_nothing_of_it(acme: Workspace, dies: bool) -> None:
    subject = alice(acme)
    with half_done(lambda: subjects.resolve([subject]), dies=dies), erasing(acme) as erasure:
        assert not StateRow.objects.filter(workspace=acme, subject=subject.ordinal).exists()
    erasure.join(SECONDS)

    assert left(*SECRETS) == []
    queue.settle(acme.pk)
    assert left(*SECRETS) == []


@pytest.mark.parametrize("dies", [False, True])
def test_a_worker_that_has_read_her_state_leaves_nothing_of_it(acme: Workspace, dies: bool) -> None:
    subjects.resolve([alice(acme)])

    def build() -> None:
        assert build_all(acme, Grain.DAY)

    with ExitStack() as reader:
        with (
            half_done(lambda: Workspace.objects.filter(pk=acme.pk).update(name="Acme Inc")),
            erasing(acme) as erasure,
        ):
            # Begun when the erasure waits for another: what it reads is still there.
            reader.enter_context(half_done(build, dies=dies))
        erasure.join(1)
        assert erasure.is_alive()
    erasure.join(SECONDS)

    assert left(*SECRETS) == []
    queue.settle(acme.pk)
    assert left(*SECRETS) == []
    assert not Rollup.objects.filter(workspace=acme, series=QUIRK, closed_xid=None).exists()


@pytest.mark.parametrize("dies", [False, True])
def test_a_month_that_is_being_composed_of_days_with_her_is_rewritten(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    # Begun when nobody is waited for any more: the days that it reads are not rewritten yet.
    subjects.resolve([alice(acme)])
    assert build_all(acme, Grain.DAY)

    def compose() -> None:
        assert build_all(acme, Grain.MONTH)
        (row, *_) = Rollup.objects.filter(workspace=acme, series=QUIRK, grain=Grain.MONTH, closed_xid=None)
        assert row.facets["value"]

    with ExitStack() as composing:

        def then_compose(*given: Any) -> int:
            composing.enter_context(half_done(compose, dies=dies))
            return real(*given)

        real = derived.forget_rollups
        monkeypatch.setattr(derived, "forget_rollups", then_compose)
        with erasing(acme) as erasure:
            pass
        erasure.join(1)
        assert erasure.is_alive()
    erasure.join(SECONDS)

    assert left(*SECRETS) == []
    queue.settle(acme.pk)
    assert left(*SECRETS) == []
    assert not Rollup.objects.filter(workspace=acme, series=QUIRK, closed_xid=None).exists()


def test_a_worker_that_was_killed_has_its_work_done_again_without_her(acme: Workspace) -> None:
    subject = alice(acme)
    queue.settle(acme.pk)
    mark_ordinals(acme.pk, Space.USER, [subject.ordinal], now())
    with half_done(lambda: subjects.resolve([subject]), dies=True), erasing(acme) as erasure:
        pass
    erasure.join(SECONDS)

    queue.settle(acme.pk)
    assert left(*SECRETS) == []
    series = StateRow.objects.filter(workspace=acme, subject=subject.ordinal, series__startswith="user:")
    assert set(series.values_list("series", flat=True)) == {"user:registered", "user:open"}
