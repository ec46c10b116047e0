import json
from pathlib import Path

import pytest

from apps.privacy import files
from apps.privacy.words import Words

ALICE = Words.all(1, ["alice", "alice@acme.test"])


@pytest.fixture
def var(tmp_path: Path, settings: object) -> Path:
    settings.VAR = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_line_of_a_log_is_blanked_in_its_place(var: Path) -> None:
    log = written(var / "log" / "worker.log", "begun\nmessage 'alice-1' came again\nended")

    assert files.blank(ALICE) == 1
    assert log.read_text() == "begun\n(erased)--------------------\nended"
    assert files.blank(ALICE) == 0


def test_a_line_of_a_side_file_stays_json_of_its_length(var: Path) -> None:
    bob = '{"line": 2, "message": "bob"}\n'
    alice = '{"line": 1, "message": {"email": "alice@acme.test"}}\n'
    side = written(var / "imports" / "acme-1.rejects.jsonl", alice + bob)

    assert files.blank(ALICE) == 1
    assert side.stat().st_size == len(alice + bob)
    assert [json.loads(line) for line in side.read_text().splitlines()] == [
        {"code": "erased"},
        {"line": 2, "message": "bob"},
    ]


def test_whoever_appends_goes_on_where_they_were(var: Path) -> None:
    log = written(var / "web.log", "")
    with log.open("ab", buffering=0) as appended:
        appended.write(b"alice\n")
        files.blank(ALICE)
        appended.write(b"bob\n")

    assert log.read_text() == "(eras\nbob\n"


def test_the_databases_own_files_are_left_alone_but_for_its_log(var: Path) -> None:
    page = written(var / "postgres" / "base" / "1.log", "alice\n")
    log = written(var / "postgres" / "log", "STATEMENT: alice@acme.test\n")
    other = written(var / "access.json", '{"user": "alice"}')

    assert files.blank(ALICE) == 1
    assert (page.read_text(), other.read_text()) == ("alice\n", '{"user": "alice"}')
    assert "alice" not in log.read_text()
