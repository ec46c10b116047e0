"""Parquet files: their rows batch by batch, and their values as JSON has them."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BufferedReader
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.events.decoding import Malformed

BATCH = 1_000
BUFFER = 1024 * 1024


class Table:
    """An open Parquet file. Its methods raise what pyarrow raises where the file is damaged."""

    def __init__(self, file: BufferedReader) -> None:
        # Through a buffer, or pyarrow would hold whole row groups.
        self._table = pq.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER)
        self._size = file.seek(0, 2)
        self.columns: list[str] = self._table.schema_arrow.names

    def end_of(self, row: int) -> int:
        """About how many bytes the file's first rows take."""
        return int(self._size * row // self._table.metadata.num_rows)

    def rows(self) -> Iterator[dict[str, object] | Exception]:
        """Each row by column; where it cannot be had, why."""
        for batch in self._table.iter_batches(batch_size=BATCH):
            yield from _rows(_in_microseconds(batch))


def _in_microseconds(batch: Any) -> Any:
    """The batch with instants as Python has them: in UTC where they have a zone, without nanoseconds."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            kind = pa.timestamp("us", "UTC" if field.type.tz else None)
            batch = batch.set_column(place, field.name, batch.column(place).cast(kind, safe=False))
    return batch


def _rows(batch: Any) -> Iterator[dict[str, object] | Exception]:
    try:
        yield from batch.to_pylist(maps_as_pydicts="strict")
    except (ValueError, KeyError, OverflowError) as error:
        if batch.num_rows == 1:
            yield error
        else:
            for place in range(batch.num_rows):
                yield from _rows(batch.slice(place, 1))


def plain(value: object) -> object:
    """A value of Parquet as JSON has it; a null within a struct is a field that is absent.

    An instant becomes ISO 8601, with the zone if it has one. Raises Malformed where JSON has no such value.
    """
    if value is None or isinstance(value, str | int | Decimal):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise Malformed("wrong_type", f"JSON has nothing like the {type(value).__name__} {str(value)[:60]}.")
