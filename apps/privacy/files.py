"""Logs and side files: lines that name a person, blanked in place, whoever writes to them at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from apps.privacy.words import Words

# The embedded database's own files lie there, and its log, which may quote a statement that failed.
DATABASE = "postgres"
DATABASE_LOG = "log"
SIDE_FILE = ".jsonl"
SUFFIXES = {".log", SIDE_FILE}


def blank(words: Words) -> int:
    """Blank the lines that have one of the words in them; return how many had.

    Each keeps its length and its place: an import goes on at the byte where it was, and a process that appends
    to its log does not notice.
    """
    return sum(_blank(path, words) for path in _files(settings.VAR))


def _files(folder: Path) -> Iterator[Path]:
    log = folder / DATABASE / DATABASE_LOG
    if log.is_file():
        yield log
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != DATABASE:
            yield from (path for path in entry.rglob("*") if path.suffix in SUFFIXES and path.is_file())
        elif entry.suffix in SUFFIXES:
            yield entry


def _blank(path: Path, words: Words) -> int:
    with path.open("r+b") as file:
        named = [(start, line) for start, line in _lines(file) if words.are_in(line.decode(errors="replace"))]
        for start, line in named:
            file.seek(start)
            file.write(_filler(path, line))
    return len(named)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    start = 0
    for line in file:
        yield start, line
        start += len(line)


def _filler(path: Path, line: bytes) -> bytes:
    """As many bytes as the line has, that are JSON where the line was."""
    said, end = line.rstrip(b"\r\n"), line[len(line.rstrip(b"\r\n")) :]
    if path.suffix == SIDE_FILE:
        return b'{"code": "erased"}'.ljust(len(said)) + end
    return b"(erased)".ljust(len(said), b"-")[: len(said)] + end
