"""Files of Segment messages, one message at a time whatever their size: JSONL, CSV, Parquet."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from apps.events import parquet, tables, texts
from apps.events.decoding import Malformed, decode
from apps.events.messages import MAX_BYTES
from apps.events.tables import Types
from apps.workspaces.exactjson import to_json

# What a message says. When it was sent, and by which library, tells no two messages apart.
SAID = (
    *("type", "event", "userId", "anonymousId", "groupId", "previousId", "name", "category", "timestamp"),
    *("properties", "traits", "context"),
)


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


SUFFIXES = {".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".csv": Format.CSV, ".parquet": Format.PARQUET}


class Unreadable(Exception):
    """A file that cannot be read, or not to its end: `code` for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Line:
    """One line or row of a file, counted from 1: its message, or its text and what is wrong with it.

    `end` is how many bytes of the file have been read by then.
    """

    number: int
    end: int
    value: object
    problem: Malformed | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line or row that is still to be understood: as it stands in the file, and in cells if it has any."""

    number: int
    end: int
    text: bytes = b""
    cells: list[str] | dict[str, object] | Exception | None = None

    def __str__(self) -> str:
        text = self.text[:MAX_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
        return text or str(self.cells)[:MAX_BYTES]


# An open file: its rows, and what understands one, raising Malformed where it is no message.
Reader: TypeAlias = tuple[Iterator[Row], Callable[[Row], object]]


def format_of(path: Path) -> Format | None:
    """The format that a file's name tells, with or without .gz behind it; None where it tells none."""
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return SUFFIXES.get(name.suffix.lower())


def read(file: BufferedReader, form: Format, types: Types, skip: int = 0) -> Iterator[Line]:
    """The messages of an open file behind the first `skip`, each with an id; what is none carries its problem.

    Raises Unreadable where the file breaks off or is not of this format: what came before has been given.
    """
    try:
        rows, understand = READERS[form](file, types)
        for row in islice(rows, skip, None):
            yield _line(row, understand)
    except Malformed as problem:
        raise Unreadable(problem.code, problem.reason) from problem
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise Unreadable("damaged_file", f"The file is damaged, cut off, or no {form}: {error}.") from error


def _line(row: Row, understand: Callable[[Row], object]) -> Line:
    try:
        return Line(row.number, row.end, _identified(understand(row)))
    except Malformed as problem:
        return Line(row.number, row.end, str(row), problem)


def _identified(message: object) -> object:
    """A message without an id gets one that follows from what it says: imported again, it is the same."""
    if isinstance(message, dict) and message.get("messageId") is None:
        said = to_json([_as_text(message.get(name)) for name in SAID])
        digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        message["messageId"] = f"made-{digest}"
    return message


def _as_text(value: object) -> object:
    """A value whose numbers and booleans are texts, as a CSV file has them, and whose keys are in order."""
    if isinstance(value, dict):
        return {key: _as_text(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value if value is None or isinstance(value, str) else to_json(value)


def _jsonl(file: BufferedReader, types: Types) -> Reader:
    lines = (Row(number, file.tell(), text) for number, text in enumerate(texts.lines(file), 1))
    return (line for line in lines if texts.is_cut(line.text) or line.text.strip()), _decoded


def _decoded(row: Row) -> object:
    if texts.is_cut(row.text):
        raise Malformed("too_large", f"A line has less than {texts.LONGEST_LINE:,} bytes.")
    return decode(row.text)


def _csv(file: BufferedReader, types: Types) -> Reader:
    rows = (Row(number, file.tell(), text, cells) for number, text, cells in texts.csv_rows(file))
    header = next(rows, Row(1, 0, cells=[]))
    columns = _cells(header)
    tables.check_columns(columns)
    return rows, partial(_csv_message, columns, types)


def _csv_message(columns: list[str], types: Types, row: Row) -> object:
    cells = _cells(row)
    if len(cells) != len(columns):
        raise Malformed("bad_csv", f"The row has {len(cells)} cells, the header {len(columns)}.")
    return tables.message(dict(zip(columns, cells, strict=True)), types)


def _cells(row: Row) -> list[str]:
    if not isinstance(row.cells, list):
        raise Malformed("bad_csv", f"The row is no CSV: {row.cells}.")
    try:
        row.text.decode()
    except UnicodeDecodeError as error:
        raise Malformed("not_utf8", f"The row is not UTF-8: byte {error.start} cannot be read.") from error
    return row.cells


def _parquet(file: BufferedReader, types: Types) -> Reader:
    table = parquet.Table(file)
    tables.check_columns(table.columns)
    rows = (Row(number, table.end_of(number), cells=cells) for number, cells in enumerate(table.rows(), 1))
    return rows, partial(_parquet_message, types)


def _parquet_message(types: Types, row: Row) -> object:
    if not isinstance(row.cells, dict):
        raise Malformed("unreadable_row", f"The row cannot be read: {row.cells}.")
    return tables.message({name: parquet.plain(cell) for name, cell in row.cells.items()}, types)


READERS: dict[Format, Callable[[BufferedReader, Types], Reader]] = {
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
    Format.PARQUET: _parquet,
}
