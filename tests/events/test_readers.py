import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from apps.events.readers import Format, Line, Unreadable, format_of, read
from apps.events.texts import LONGEST_LINE
from tests.events import files
from tests.world import act, share

ALICE = act("alice", "2026-04-30T09:15:00", message="m-1", feature="export")
BOB = share("bob", "2026-04-30T09:16:00", message="m-2", action_id="s-2", recipients_count=3)


def lines(path: Path, form: Format = Format.JSONL, skip: int = 0) -> list[Line]:
    types = {"share.created": {"recipients_count": "integer"}}
    with path.open("rb") as file:
        return list(read(file, form, types, skip))


def values(path: Path, form: Format = Format.JSONL, skip: int = 0) -> list[object]:
    return [line.value for line in lines(path, form, skip)]


def until_it_breaks(path: Path, form: Format) -> tuple[list[object], Unreadable]:
    """What a file gives before the error, and the error."""
    given: list[object] = []
    with path.open("rb") as file, pytest.raises(Unreadable) as broken:
        given.extend(line.value for line in read(file, form, {}))
    return given, broken.value


def problems(path: Path, form: Format = Format.JSONL) -> list[tuple[int, str]]:
    return [(line.number, line.problem.code) for line in lines(path, form) if line.problem]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", Format.JSONL),
        ("a.ndjson", Format.JSONL),
        ("a.JSONL.GZ", Format.JSONL),
        ("a.b.csv", Format.CSV),
        ("a.csv.gz", Format.CSV),
        ("a.parquet", Format.PARQUET),
        ("a.json", None),
        ("a.gz", None),
        ("csv", None),
    ],
)
def test_a_name_tells_the_format(name: str, form: Format | None) -> None:
    assert format_of(Path(name)) == form


@pytest.mark.parametrize("write", [files.jsonl, files.packed, files.csv_of_json, files.csv_of_fields])
@pytest.mark.parametrize("name", ["a.jsonl", "a.gz", "a.csv"])
def test_a_text_file_may_be_packed_whatever_its_name(write: object, name: str, tmp_path: Path) -> None:
    form = Format.CSV if write in (files.csv_of_json, files.csv_of_fields) else Format.JSONL
    assert callable(write)
    assert values(write(tmp_path / name, [ALICE, BOB]), form) == [ALICE, BOB]


def test_a_packed_csv_file_is_read(tmp_path: Path) -> None:
    path = files.csv_of_fields(tmp_path / "a.csv", [ALICE, BOB])
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert values(path, Format.CSV) == [ALICE, BOB]


@pytest.mark.parametrize("write", [files.parquet_of_json, files.parquet_of_structs])
def test_a_parquet_file_says_the_same_in_structs_and_in_json(write: object, tmp_path: Path) -> None:
    assert callable(write)
    alice, bob = values(write(tmp_path / "a.parquet", [ALICE, BOB]), Format.PARQUET)
    assert isinstance(alice, dict)
    assert isinstance(bob, dict)
    assert datetime.fromisoformat(alice.pop("timestamp")) == datetime(2026, 4, 30, 9, 15, tzinfo=UTC)
    assert datetime.fromisoformat(bob.pop("timestamp")) == datetime(2026, 4, 30, 9, 16, tzinfo=UTC)
    assert [alice, bob] == [{key: one[key] for key in one if key != "timestamp"} for one in (ALICE, BOB)]


def test_lines_are_numbered_as_in_the_file_and_empty_ones_are_none(tmp_path: Path) -> None:
    path = files.text(tmp_path / "a", json.dumps(ALICE), "", " \r", json.dumps(BOB))
    assert [(line.number, line.value) for line in lines(path)] == [(1, ALICE), (4, BOB)]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps(ALICE))
    assert values(path) == [ALICE]


def test_a_file_without_a_line_has_no_message(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    assert values(path) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"type": "track"', "not_json"),
        (b'{"type": "\xff"}', "not_utf8"),
        (b'{"type": "track", "type": "page"}', "duplicate_key"),
        (b'{"properties": {"price": NaN}}', "not_a_number"),
        (b'{"properties": {"price": 1e999}}', "number_too_large"),
        (b'{"properties": ' + b"9" * 5000 + b"}", "number_too_large"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a": "' + b"x" * LONGEST_LINE + b'"}', "too_large"),
        (b" " * LONGEST_LINE + b"{}", "too_large"),
        (b" " * (LONGEST_LINE - 3) + b"{}", "too_large"),
    ],
)
def test_a_line_that_is_no_message_carries_the_problem_and_the_next_one_is_read(
    text: bytes, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(text + b"\n" + json.dumps(BOB).encode())
    first, second = lines(path)
    assert first.problem is not None
    assert (first.number, first.problem.code) == (1, code)
    assert (second.number, second.value, second.problem) == (2, BOB, None)


def test_a_malformed_line_is_kept_as_it_stands_but_not_longer_than_a_message(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"user": "\xff\xc3\xa9"\r\n' + b"x" * 100_000 + b"\n")
    assert values(path) == ['{"user": "\\xffé"', "x" * 32 * 1024]


@pytest.mark.parametrize(
    ("name", "form"),
    [("jsonl", Format.JSONL), ("csv_of_json", Format.CSV), ("parquet_of_structs", Format.PARQUET)],
)
def test_what_is_behind_the_first_messages_keeps_its_place(name: str, form: Format, tmp_path: Path) -> None:
    messages = [act("alice", f"2026-04-30T09:{minute:02}:00", message=f"m-{minute}") for minute in range(30)]
    path = getattr(files, name)(tmp_path / "a", messages)
    everything = lines(path, form)
    assert len(everything) == 30
    for skip in (0, 1, 6, 7, 8, 29, 30, 31):
        assert lines(path, form, skip) == everything[skip:]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("jsonl", Format.JSONL),
        ("packed", Format.JSONL),
        ("csv_of_json", Format.CSV),
        ("parquet_of_json", Format.PARQUET),
    ],
)
def test_the_bytes_read_grow_to_the_size_of_the_file(name: str, form: Format, tmp_path: Path) -> None:
    path = getattr(files, name)(tmp_path / "a", [ALICE, BOB])
    ends = [line.end for line in lines(path, form)]
    assert ends == sorted(ends)
    assert ends[0] > 0
    assert ends[-1] == path.stat().st_size


def test_a_message_keeps_its_id_and_one_without_gets_what_follows_from_its_content(tmp_path: Path) -> None:
    nameless = {key: value for key, value in ALICE.items() if key != "messageId"}
    turned = {**dict(reversed(nameless.items())), "properties": dict(reversed(ALICE["properties"].items()))}
    path = files.jsonl(
        tmp_path / "a",
        [
            ALICE,
            nameless,
            turned | {"messageId": None, "sentAt": "2026-05-01T00:00:00Z"},
            nameless | {"userId": "bob"},
        ],
    )
    ids = [line.value["messageId"] for line in lines(path) if isinstance(line.value, dict)]
    assert ids[0] == "m-1"
    assert ids[1] == ids[2] == "made-40f5e387bb0ed2b570d2516b72861487"
    assert ids[3] != ids[1]


def test_a_made_id_is_the_same_in_every_format(tmp_path: Path) -> None:
    nameless = {key: value for key, value in BOB.items() if key != "messageId"}
    nameless["properties"] = {**BOB["properties"], "price": 2, "is_gift": True}
    written = [
        (files.jsonl(tmp_path / "1", [nameless]), Format.JSONL),
        (files.csv_of_json(tmp_path / "2", [nameless]), Format.CSV),
        (files.csv_of_fields(tmp_path / "3", [nameless]), Format.CSV),
        (files.parquet_of_json(tmp_path / "4", [nameless]), Format.PARQUET),
    ]
    found = [value for path, form in written for value in values(path, form)]
    assert len({value["messageId"] for value in found if isinstance(value, dict)}) == 1
    assert len(found) == 4


def test_a_packed_file_that_is_cut_off_gives_what_came_before(tmp_path: Path) -> None:
    messages = [act("alice", "2026-04-30T09:15:00", note="x" * 1000, message=f"m-{n}") for n in range(1000)]
    path = files.packed(tmp_path / "a", messages)
    path.write_bytes(path.read_bytes()[:-100])
    given, broken = until_it_breaks(path, Format.JSONL)
    assert given == messages[: len(given)]
    assert 500 < len(given) < 1000
    assert broken.code == "damaged_file"
    assert "ended before the end-of-stream marker" in broken.reason


def test_a_packed_file_with_a_tail_that_is_none_gives_what_came_before(tmp_path: Path) -> None:
    path = files.packed(tmp_path / "a", [ALICE, BOB])
    path.write_bytes(path.read_bytes() + b"no gzip at all")
    given, broken = until_it_breaks(path, Format.JSONL)
    assert (given, broken.code) == ([ALICE, BOB], "damaged_file")


@pytest.mark.parametrize("damaged", [b"", b"no parquet", b"PAR1 and nothing else PAR1"])
def test_a_parquet_file_that_is_none_is_refused(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(damaged)
    given, broken = until_it_breaks(path, Format.PARQUET)
    assert (given, broken.code) == ([], "damaged_file")


def test_a_parquet_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = files.parquet_of_json(tmp_path / "a", [ALICE, BOB])
    path.write_bytes(path.read_bytes()[:-50])
    assert until_it_breaks(path, Format.PARQUET)[1].code == "damaged_file"


def test_a_parquet_row_that_cannot_be_read_is_refused_alone(tmp_path: Path) -> None:
    instants = pa.array([2**62, 0], pa.timestamp("us", "UTC"))
    columns = {"type": ["page", "page"], "userId": ["alice", "bob"], "timestamp": instants}
    first, second = lines(files.parquet(tmp_path / "a", columns), Format.PARQUET)
    assert first.problem is not None
    assert (first.number, first.problem.code) == (1, "unreadable_row")
    assert second.value == {
        "type": "page",
        "userId": "bob",
        "timestamp": "1970-01-01T00:00:00+00:00",
        "messageId": second.value["messageId"] if isinstance(second.value, dict) else None,
    }


@pytest.mark.parametrize(
    ("header", "code", "named"),
    [
        ("type,timestamp,user_id", "unknown_column", "Did you mean `userId`?"),
        ("type,timestamp,Event", "unknown_column", "Did you mean `event`?"),
        ("type,timestamp,share_type", "unknown_column", "`properties.share_type`"),
        ("type,timestamp,event,event", "duplicate_column", "`event` is there 2 times"),
        ("type,event", "missing_column", "`timestamp`"),
        ("", "missing_column", "`type`"),
        ('type,"timestamp', "bad_csv", "unexpected end of data"),
    ],
)
def test_a_header_that_makes_no_messages_is_refused(header: str, code: str, named: str, tmp_path: Path) -> None:
    given, broken = until_it_breaks(files.text(tmp_path / "a", header), Format.CSV)
    assert (given, broken.code) == ([], code)
    assert named in broken.reason


def test_a_csv_row_that_is_no_message_carries_the_problem_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(
        b"type,userId,timestamp,properties\n"
        b"page,alice\n"
        b"page,alice,2026-04-30T09:15:00Z,,\n"
        b'page,alice,2026-04-30T09:15:00Z,"{"a":1}"\n'
        b'page,alice,2026-04-30T09:15:00Z,"{""a"":1,""a"":2}"\n'
        b"page,\xff,2026-04-30T09:15:00Z,\n"
        b"page,bob,2026-04-30T09:15:00Z,\n"
    )
    assert problems(path, Format.CSV) == [
        (2, "bad_csv"),
        (3, "bad_csv"),
        (4, "bad_csv"),
        (5, "duplicate_key"),
        (6, "not_utf8"),
    ]
    assert [line.value for line in lines(path, Format.CSV)][:5] == [
        "page,alice",
        "page,alice,2026-04-30T09:15:00Z,,",
        'page,alice,2026-04-30T09:15:00Z,"{"a":1}"',
        'page,alice,2026-04-30T09:15:00Z,"{""a"":1,""a"":2}"',
        "page,\\xff,2026-04-30T09:15:00Z,",
    ]
    assert lines(path, Format.CSV)[5].number == 7
