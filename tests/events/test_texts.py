import csv
import gzip
import zlib
from pathlib import Path

import pytest

from apps.events.texts import LONGEST_LINE, csv_rows, is_cut, lines


def lines_of(folder: Path, content: bytes) -> list[bytes]:
    path = folder / "a"
    path.write_bytes(content)
    with path.open("rb") as file:
        return list(lines(file))


def rows_of(folder: Path, content: bytes) -> list[tuple[int, bytes, list[str] | csv.Error]]:
    path = folder / "a"
    path.write_bytes(content)
    with path.open("rb") as file:
        return list(csv_rows(file))


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    assert lines_of(tmp_path, b"\xef\xbb\xbfalice\nbob\n") == [b"alice\n", b"bob\n"]
    assert lines_of(tmp_path, gzip.compress(b"\xef\xbb\xbfalice\n")) == [b"alice\n"]
    assert lines_of(tmp_path, b"alice\n\xef\xbb\xbfbob\n") == [b"alice\n", b"\xef\xbb\xbfbob\n"]


def test_packed_files_one_behind_the_other_are_one(tmp_path: Path) -> None:
    assert lines_of(tmp_path, gzip.compress(b"alice\nb") + gzip.compress(b"ob\n")) == [b"alice\n", b"bob\n"]


@pytest.mark.parametrize("length", [LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE, 3 * LONGEST_LINE + 1])
def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole(length: int, tmp_path: Path) -> None:
    long, bob = lines_of(tmp_path, b"x" * length + b"\nbob\n")
    assert long == b"x" * LONGEST_LINE
    assert is_cut(long)
    assert (bob, is_cut(bob)) == (b"bob\n", False)


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-9], lambda whole: whole + b"?", lambda whole: whole[:12]]
)
def test_a_damaged_packed_file_is_an_error(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    with pytest.raises((OSError, EOFError, zlib.error)):
        lines_of(tmp_path, damage(gzip.compress(b"alice\nbob\n")))


def test_csv_rows_are_numbered_by_their_first_line(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b'id,note\r\nalice,"two\nlines"\n\nbob,') == [
        (1, b"id,note\r\n", ["id", "note"]),
        (2, b'alice,"two\nlines"\n', ["alice", "two\nlines"]),
        (5, b"bob,", ["bob", ""]),
    ]


def test_a_row_that_is_no_csv_is_an_error_and_the_next_line_starts_afresh(tmp_path: Path) -> None:
    (first, text, error), second = rows_of(tmp_path, b'alice,"a"b"\nbob,c\n')
    assert (first, text) == (1, b'alice,"a"b"\n')
    assert isinstance(error, csv.Error)
    assert second == (2, b"bob,c\n", ["bob", "c"])


def test_a_cell_that_never_ends_is_an_error(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, b'alice,"' + b"x\n" * 100_000)
    assert isinstance(rows[0][2], csv.Error)
    assert rows[-1][1:] == (b"x\n", ["x"])


def test_what_is_not_utf8_is_kept_as_lone_surrogates(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b"\xff,\xc3\xa9\n") == [(1, b"\xff,\xc3\xa9\n", ["\udcff", "é"])]
