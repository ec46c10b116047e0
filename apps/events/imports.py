"""A file of messages in: of any size and age, each stored and counted once, whatever dies on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from pathlib import Path

from django.db import transaction
from django.utils.timezone import now

from apps.events import ingest, readers, rejects, suppressing
from apps.events.ingest import Delivery, Outcome, Refused
from apps.events.messages import Terms
from apps.events.models import EventDefinition, ImportRun
from apps.events.readers import Format, Line, Unreadable
from apps.events.rejects import AlreadyRunning, Reject
from apps.events.suppressing import SUPPRESSED
from apps.workspaces import policy
from apps.workspaces.models import Workspace

BATCH = 1_000
MOVES = ("position", "accepted", "duplicate", "rejected", "rejects_size")


@dataclass(frozen=True, slots=True)
class Order:
    """What to import, and the sending system that its message ids are unique in."""

    workspace: Workspace
    path: Path
    form: Format
    source: str = "default"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: bytes read, of how many, and messages, with those of earlier tries."""

    read: int
    size: int
    messages: int


def run(order: Order, on_progress: Callable[[Progress], None] = lambda progress: None) -> ImportRun:
    """Import a file and return what became of it; the side file `rejects.path_of` says what was not taken.

    Every 1,000 messages are one transaction, which also moves the run on. So an import that was killed goes
    on where it was when the same content comes again; one that was finished starts over, and finds every
    message a duplicate. Events may be of any age, but not without a time.

    Raises OSError, policy.Refused for a suspended workspace, AlreadyRunning, and Unreadable where the file
    breaks off; what was read up to there stays.
    """
    policy.refuse_suspended(order.workspace)
    with order.path.open("rb") as file:
        size = order.path.stat().st_size
        found = _run_of(order, _fingerprint(order, file))
        with rejects.opened(found) as side:
            state = _as_committed(found)
            rejects.put(side, state.rejects_size, [])
            on_progress(Progress(0, size, state.position))
            for batch in _batches(_lines(order, file, state.position)):
                state = _store(order, state, side, batch)
                on_progress(Progress(batch[-1].end, size, state.position))
    state.finished_at = now()
    state.save(update_fields=["finished_at"])
    return state


def _fingerprint(order: Order, file: BufferedReader) -> str:
    """Of the whole content, and of how it is read: a run never goes on with another file, or as another source.

    Every byte counts: hashing takes a second for 500 MB, and storing that takes minutes.
    """
    said = f"{order.form}\0{order.source}\0".encode()
    digest = hashlib.file_digest(file, lambda: hashlib.blake2b(said, digest_size=32))
    file.seek(0)
    return digest.hexdigest()


def _run_of(order: Order, fingerprint: str) -> ImportRun:
    """The run of this content that was not finished, or else a new one."""
    begun = ImportRun.objects.filter(workspace=order.workspace, fingerprint=fingerprint, finished_at=None)
    file = order.path.name.encode("utf-8", "replace").decode()[:255]
    return begun.last() or ImportRun.objects.create(workspace=order.workspace, fingerprint=fingerprint, file=file)


def _as_committed(found: ImportRun) -> ImportRun:
    """The run as it stands. The lock waits for a commit that a killed import may have left under way."""
    with transaction.atomic():
        runs = ImportRun.objects.select_for_update(of=("self",)).select_related("workspace")
        return runs.get(workspace=found.workspace, pk=found.pk)


def _lines(order: Order, file: BufferedReader, skip: int) -> Iterator[Line]:
    planned = EventDefinition.objects.filter(workspace=order.workspace).exclude(types={})
    return readers.read(file, order.form, dict(planned.values_list("name", "types")), skip)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines, 1,000 at a time; where the file breaks off, those before it, and then the error."""
    batch: list[Line] = []
    try:
        for line in lines:
            batch.append(line)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except Unreadable:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _store(order: Order, state: ImportRun, side: BufferedWriter, batch: list[Line]) -> ImportRun:
    """Store a batch, its rejects and the run's new state as one; return that state."""
    messages = [line for line in batch if line.problem is None]
    moved = copy(state)

    def move(outcome: Outcome) -> None:
        refused = _rejects(order.workspace.pk, batch, outcome)
        moved.position = state.position + len(batch)
        moved.accepted = state.accepted + outcome.accepted
        moved.duplicate = state.duplicate + outcome.duplicate
        moved.rejected = state.rejected + len(refused)
        moved.rejects_size = rejects.put(side, state.rejects_size, refused)
        _advance(state, moved)

    raws = [line.value for line in messages]
    ingest.store(Delivery(order.workspace.pk, order.source, raws, Terms(now=now())), within=move)
    return moved


def _advance(state: ImportRun, moved: ImportRun) -> None:
    here = ImportRun.objects.filter(workspace=state.workspace, pk=state.pk, position=state.position)
    if not here.update(**{name: getattr(moved, name) for name in MOVES}):
        raise AlreadyRunning(f"{state.file} is being imported by another process")


def _rejects(workspace_id: int, batch: list[Line], outcome: Outcome) -> list[Reject]:
    """What was not taken, in the order of the file: lines that are no messages, and messages that were refused.

    Of those that name somebody erased it is said that there was one.
    """
    malformed = {line.number: line.value for line in batch if line.problem is not None}
    named = suppressing.naming(workspace_id, malformed)
    messages = [line for line in batch if line.problem is None]
    rejects = [
        Reject(line.number, line.problem.code, line.problem.reason, line.value)
        for line in batch
        if line.problem is not None and line.number not in named
    ]
    rejects += [Reject(number, SUPPRESSED.code, SUPPRESSED.reason, None) for number in named]
    rejects += [_reject(messages[one.index], one) for one in outcome.rejected]
    return sorted(rejects, key=lambda reject: reject.line)


def _reject(line: Line, refused: Refused) -> Reject:
    kept = None if refused.code == SUPPRESSED.code else line.value
    return Reject(line.number, refused.code, refused.reason, kept)
