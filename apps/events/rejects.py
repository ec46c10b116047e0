"""The side file of an import: every line that was not taken, once, with the reason, for its owner's eyes."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BufferedWriter
from pathlib import Path

import simplejson
from django.conf import settings

from apps.events.models import ImportRun


class AlreadyRunning(Exception):
    """Another process imports the same file at this moment."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line of the side file: where it was, why it was not taken, and the message, or its text if it was none."""

    line: int
    code: str
    reason: str
    message: object


def path_of(run: ImportRun) -> Path:
    """Where the rejects of an import are."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", run.file)[:100]
    folder: Path = settings.VAR / "imports"
    return folder / f"{run.workspace.slug}-{name}-{run.pk}.rejects.jsonl"


@contextmanager
def opened(run: ImportRun) -> Iterator[BufferedWriter]:
    """The side file of a run, which nobody else writes meanwhile. Raises AlreadyRunning."""
    path = path_of(run)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{run.file} is being imported by another process") from error
        yield file


def put(file: BufferedWriter, size: int, rejects: Sequence[Reject]) -> int:
    """Put rejects, durably, in the place of whatever follows the first `size` bytes; return the new size."""
    file.truncate(min(size, os.fstat(file.fileno()).st_size))
    file.writelines(simplejson.dumps(asdict(one), use_decimal=True).encode() + b"\n" for one in rejects)
    file.flush()
    if rejects:
        os.fsync(file.fileno())
    return os.fstat(file.fileno()).st_size
