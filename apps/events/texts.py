"""Text files, gzipped or not: their lines, and their rows of CSV, in constant memory whatever they hold."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator
from functools import partial
from io import BufferedReader

from apps.events.messages import MAX_BYTES

# Blanks and escapes may blow a message of 32 KB up; what is longer than this never was one.
LONGEST_LINE = 8 * MAX_BYTES
GZIP_MAGIC = b"\x1f\x8b"


def lines(file: BufferedReader) -> Iterator[bytes]:
    """The lines of a file, unpacked where its content is gzip. One that is too long comes cut: see `is_cut`.

    Raises OSError, EOFError or zlib.error where a packed file is damaged.
    """
    is_packed = file.peek(2).startswith(GZIP_MAGIC)
    content = gzip.GzipFile(fileobj=file) if is_packed else file
    if content.peek(3).startswith(codecs.BOM_UTF8):
        content.read(3)
    for line in iter(partial(content.readline, LONGEST_LINE), b""):
        yield line
        piece = line
        while is_cut(piece) and not piece.endswith(b"\n"):
            piece = content.readline(LONGEST_LINE)


def is_cut(line: bytes) -> bool:
    """Whether a line is longer than what `lines` gives of it, or as long as makes no difference."""
    return len(line) == LONGEST_LINE


def csv_rows(file: BufferedReader) -> Iterator[tuple[int, bytes, list[str] | csv.Error]]:
    """The rows that are not empty: the number of the first line, the text, and the cells.

    A row that is no CSV has the error in place of its cells, and the next line starts afresh. Bytes that are
    not UTF-8 are lone surrogates in the cells.
    """
    taken: list[bytes] = []

    def decoded() -> Iterator[str]:
        for line in lines(file):
            taken.append(line)
            yield line.decode("utf-8", "surrogateescape")

    rows = csv.reader(decoded(), strict=True)
    cells: list[str] | csv.Error | None = []
    while cells is not None:
        number = rows.line_num + 1
        taken.clear()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            cells = error
        if cells:
            yield number, b"".join(taken), cells
