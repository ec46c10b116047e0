import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from apps.events.decoding import Malformed
from apps.events.parquet import Table, plain
from tests.events import files

PARTY = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 2:30 in Berlin, for the first time that night


def cells(path: Path, kind: Any, values: Sequence[object]) -> list[object]:
    """A column written to a file and read again."""
    files.parquet(path, {"column": pa.array(values, kind)})
    with path.open("rb") as file:
        rows = list(Table(file).rows())
    return [plain(row["column"]) for row in rows if isinstance(row, dict)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "-03:00"])
def test_an_instant_with_a_zone_is_written_in_utc(unit: str, zone: str, tmp_path: Path) -> None:
    later = PARTY + timedelta(hours=1)
    assert cells(tmp_path / "a", pa.timestamp(unit, zone), [PARTY, later]) == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-25T01:30:00+00:00",
    ]


def test_an_instant_without_a_zone_is_not_given_one(tmp_path: Path) -> None:
    naive = PARTY.replace(tzinfo=None)
    for unit in ("us", "ns"):
        assert cells(tmp_path / "a", pa.timestamp(unit), [naive, None]) == ["2026-10-25T00:30:00", None]


def test_nanoseconds_are_cut_to_microseconds(tmp_path: Path) -> None:
    kind = pa.timestamp("ns", "UTC")
    assert cells(tmp_path / "a", kind, [1_999]) == ["1970-01-01T00:00:00.000001+00:00"]


def test_a_null_within_a_struct_is_a_field_that_is_absent(tmp_path: Path) -> None:
    kind = pa.struct({"plan": pa.string(), "page": pa.struct({"url": pa.string(), "tags": pa.list_(pa.string())})})
    sent = [{"plan": None, "page": {"url": None, "tags": ["a", None]}}, {"plan": "pro", "page": None}, None]
    assert cells(tmp_path / "a", kind, sent) == [{"page": {"tags": ["a", None]}}, {"plan": "pro"}, None]


def test_a_map_is_an_object(tmp_path: Path) -> None:
    kind = pa.map_(pa.string(), pa.int64())
    assert cells(tmp_path / "a", kind, [[("seats", 3), ("free", None)]]) == [{"seats": 3}]


def test_a_map_with_a_key_twice_is_an_error_of_its_row_alone(tmp_path: Path) -> None:
    kind = pa.map_(pa.string(), pa.int64())
    path = files.parquet(tmp_path / "a", {"column": pa.array([[("a", 1), ("a", 2)], [("b", 1)]], kind)})
    with path.open("rb") as file:
        first, second = Table(file).rows()
    assert isinstance(first, KeyError)
    assert second == {"column": {"b": 1}}


def test_numbers_stay_exact(tmp_path: Path) -> None:
    assert cells(tmp_path / "a", pa.float64(), [0.1, 1e300]) == [Decimal("0.1"), Decimal("1e300")]
    assert cells(tmp_path / "a", pa.decimal128(20, 2), [Decimal("1.10")]) == [Decimal("1.10")]
    assert cells(tmp_path / "a", pa.int64(), [2**62]) == [2**62]
    assert cells(tmp_path / "a", pa.bool_(), [True]) == [True]


def test_other_values_with_a_text_of_their_own_are_texts(tmp_path: Path) -> None:
    known = uuid.UUID("12345678123456781234567812345678")
    assert cells(tmp_path / "a", pa.uuid(), [known.bytes]) == ["12345678-1234-5678-1234-567812345678"]
    assert cells(tmp_path / "a", pa.date32(), [date(2026, 4, 30)]) == ["2026-04-30"]
    assert cells(tmp_path / "a", pa.dictionary(pa.int8(), pa.string()), ["email"]) == ["email"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"\xff", timedelta(1), {"a": [float("-inf")]}])
def test_what_json_has_no_value_for_is_malformed(value: object) -> None:
    with pytest.raises(Malformed) as malformed:
        plain(value)
    assert malformed.value.code == "wrong_type"
