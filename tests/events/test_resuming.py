"""Imports that die between batches and within them, and those that meet another."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from apps.events import imports, ingest, rejects
from apps.events.imports import Progress
from apps.events.ingest import Delivery, Outcome
from apps.events.models import Event, ImportRun
from apps.events.rejects import AlreadyRunning
from apps.workspaces.models import Workspace
from tests.events import files
from tests.events.runs import counts, order, rejected
from tests.world import act, opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("side_files", "batches_of_three")]


class Crash(Exception):
    """What a kill -9 does, as far as the database and the side file can tell."""


def week(tmp_path: Path) -> Path:
    """Seven lines, of which the second, the fourth and the last are bad."""
    good = [json.dumps(act("alice", f"2026-04-0{day}T09:15:00", message=f"m-{day}")) for day in range(1, 8)]
    return files.text(tmp_path / "week.jsonl", good[0], "bad-2", good[2], "bad-4", good[4], good[5], "bad-7")


def assert_whole_week(acme: Workspace, run: ImportRun) -> None:
    assert counts(run) == (7, 4, 0, 3)
    assert [one["message"] for one in rejected(run)] == ["bad-2", "bad-4", "bad-7"]
    assert rejects.path_of(run).stat().st_size == run.rejects_size
    days = Event.objects.filter(workspace=acme).order_by("occurred_at").values_list("occurred_at__day", flat=True)
    assert list(days) == [1, 3, 5, 6]


def crash_at(position: int) -> Callable[[Progress], None]:
    def on_progress(progress: Progress) -> None:
        if progress.messages == position:
            raise Crash

    return on_progress


@pytest.mark.parametrize("boundary", [0, 3, 6, 7])
def test_an_import_that_died_between_batches_goes_on_where_it_was(boundary: int, tmp_path: Path) -> None:
    acme = opened().workspace
    with pytest.raises(Crash):
        imports.run(order(acme, week(tmp_path)), crash_at(boundary))
    assert ImportRun.objects.get(workspace=acme).position == boundary
    heard: list[int] = []
    run = imports.run(order(acme, week(tmp_path)), lambda progress: heard.append(progress.messages))
    assert heard == [position for position in (0, 3, 6, 7) if position >= boundary]
    assert_whole_week(acme, run)
    assert ImportRun.objects.filter(workspace=acme).count() == 1


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_an_import_that_died_within_a_batch_does_that_batch_again(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = opened().workspace
    store, begun = ingest.store, 0

    def die_before_commit(delivery: Delivery, within: Callable[[Outcome], None]) -> Outcome:
        nonlocal begun
        begun += 1

        def then_die(outcome: Outcome) -> None:
            within(outcome)
            if begun == batch:
                raise Crash

        return store(delivery, then_die)

    monkeypatch.setattr(ingest, "store", die_before_commit)
    with pytest.raises(Crash):
        imports.run(order(acme, week(tmp_path)))
    died = ImportRun.objects.get(workspace=acme)
    assert died.position == (batch - 1) * 3
    assert len(rejected(died)) == batch
    with pytest.raises(Crash):
        imports.run(order(acme, week(tmp_path)), crash_at(died.position))
    assert len(rejected(died)) == batch - 1
    assert_whole_week(acme, imports.run(order(acme, week(tmp_path))))


def test_a_batch_that_is_tried_again_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acme = opened().workspace
    store = ingest.store

    def store_after_a_deadlock(delivery: Delivery, within: Callable[[Outcome], None]) -> Outcome:
        def twice(outcome: Outcome) -> None:
            savepoint = transaction.savepoint()
            within(outcome)
            transaction.savepoint_rollback(savepoint)
            within(outcome)

        return store(delivery, twice)

    monkeypatch.setattr(ingest, "store", store_after_a_deadlock)
    assert_whole_week(acme, imports.run(order(acme, week(tmp_path))))


def test_a_copy_of_the_file_goes_on_and_another_source_or_content_starts_anew(tmp_path: Path) -> None:
    acme = opened().workspace
    path = week(tmp_path)
    with pytest.raises(Crash):
        imports.run(order(acme, path), crash_at(3))
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    longer = files.text(tmp_path / "longer.jsonl", *path.read_text().splitlines(), "bad-8")
    assert counts(imports.run(order(acme, longer))) == (8, 2, 2, 4)
    assert counts(imports.run(order(acme, path, source="archive"))) == (7, 4, 0, 3)
    assert counts(imports.run(order(acme, copy))) == (7, 2, 2, 3)


def test_an_import_goes_on_although_its_side_file_was_deleted(tmp_path: Path) -> None:
    acme = opened().workspace
    with pytest.raises(Crash):
        imports.run(order(acme, week(tmp_path)), crash_at(3))
    rejects.path_of(ImportRun.objects.get(workspace=acme)).unlink()
    run = imports.run(order(acme, week(tmp_path)))
    assert counts(run) == (7, 4, 0, 3)
    assert [one["message"] for one in rejected(run)] == ["bad-4", "bad-7"]


def test_two_imports_of_one_file_do_not_run_at_once(tmp_path: Path) -> None:
    acme = opened().workspace

    def begin_another(progress: Progress) -> None:
        with pytest.raises(AlreadyRunning, match=r"week\.jsonl is being imported by another process"):
            imports.run(order(acme, week(tmp_path)))

    assert_whole_week(acme, imports.run(order(acme, week(tmp_path)), begin_another))


def test_an_import_stops_where_another_host_has_gone_on(tmp_path: Path) -> None:
    acme = opened().workspace

    def move_away(progress: Progress) -> None:
        ImportRun.objects.filter(workspace=acme, position=3).update(position=6)

    with pytest.raises(AlreadyRunning):
        imports.run(order(acme, week(tmp_path)), move_away)
    assert [event.occurred_at.day for event in Event.objects.filter(workspace=acme).order_by("occurred_at")] == [
        1,
        3,
    ]
