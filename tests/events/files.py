"""Messages written to files, as other systems write them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Raw = Mapping[str, Any]

OBJECTS = ("properties", "traits", "context")
COLUMNS = ("type", "messageId", "userId", "anonymousId", "groupId", "event", "timestamp", *OBJECTS)


def jsonl(path: Path, messages: Sequence[object]) -> Path:
    return text(path, *(json.dumps(message) for message in messages))


def text(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), newline="")
    return path


def packed(path: Path, messages: Sequence[object]) -> Path:
    path.write_bytes(gzip.compress(jsonl(path, messages).read_bytes()))
    return path


def csv_of_json(path: Path, messages: Sequence[Raw]) -> Path:
    """Objects as columns of JSON."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows([_cell(message.get(name)) for name in COLUMNS] for message in messages)
    return path


def csv_of_fields(path: Path, messages: Sequence[Raw]) -> Path:
    """Objects as columns with a dot, one a field."""
    flat = [_flat(message) for message in messages]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows([_cell(row.get(name)) for name in columns] for row in flat)
    return path


def parquet_of_json(path: Path, messages: Sequence[Raw]) -> Path:
    """Objects as columns of JSON, times as texts."""
    columns = {name: [_cell(message.get(name)) or None for message in messages] for name in COLUMNS}
    return parquet(path, {name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def parquet_of_structs(path: Path, messages: Sequence[Raw]) -> Path:
    """Objects as structs, times as instants."""
    columns = {name: pa.array([message.get(name) for message in messages]) for name in COLUMNS}
    columns["timestamp"] = pc.cast(columns["timestamp"], pa.timestamp("us", "UTC"))
    return parquet(path, columns)


def parquet(path: Path, columns: Mapping[str, Any]) -> Path:
    pq.write_table(pa.table(dict(columns)), path, row_group_size=7)
    return path


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _flat(message: Raw) -> dict[str, object]:
    plain = {name: value for name, value in message.items() if name not in OBJECTS}
    objects = {name: message.get(name) or {} for name in OBJECTS}
    return plain | {f"{name}.{field}": value for name in OBJECTS for field, value in objects[name].items()}
