import json
import stat
from pathlib import Path

import pytest

from apps.events import rejects
from apps.events.models import ImportRun
from apps.events.rejects import AlreadyRunning, Reject
from apps.workspaces.models import Workspace

RUN = ImportRun(pk=7, workspace=Workspace(slug="acme"), file="Märchen & more.jsonl")
ALICE = Reject(1, "no_identity", "Nobody.", {"type": "page", "title": "\ud800é"})
BOB = Reject(2, "not_json", "This is no JSON.", "bob")
CHARLIE = Reject(3, "not_json", "This is no JSON.", "charlie")


def lines() -> list[str]:
    return [json.loads(line)["message"] for line in rejects.path_of(RUN).read_text().splitlines()]


def test_the_side_file_is_named_for_its_run_and_is_for_its_owner_alone(side_files: Path) -> None:
    with rejects.opened(RUN):
        path = rejects.path_of(RUN)
    assert path == side_files / "acme-M_rchen___more.jsonl-7.rejects.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(side_files.stat().st_mode) == 0o700


def test_a_long_name_is_cut(side_files: Path) -> None:
    run = ImportRun(pk=7, workspace=Workspace(slug="acme"), file="x" * 255)
    assert rejects.path_of(run) == side_files / f"acme-{'x' * 100}-7.rejects.jsonl"


def test_a_reject_tells_line_code_reason_and_message_in_ascii(side_files: Path) -> None:
    with rejects.opened(RUN) as file:
        size = rejects.put(file, 0, [ALICE])
    written = rejects.path_of(RUN).read_bytes()
    assert size == len(written)
    assert written == (
        b'{"line": 1, "code": "no_identity", "reason": "Nobody.", '
        b'"message": {"type": "page", "title": "\\ud800\\u00e9"}}\n'
    )


def test_what_was_not_committed_is_replaced(side_files: Path) -> None:
    with rejects.opened(RUN) as file:
        size = rejects.put(file, 0, [BOB])
        rejects.put(file, size, [CHARLIE, ALICE])
        rejects.put(file, size, [CHARLIE])
        assert lines() == ["bob", "charlie"]
        assert rejects.put(file, size, []) == size
    assert lines() == ["bob"]


def test_a_side_file_that_lost_lines_is_not_filled_up(side_files: Path) -> None:
    with rejects.opened(RUN) as file:
        rejects.put(file, 1_000, [BOB])
    assert lines() == ["bob"]


@pytest.mark.usefixtures("side_files")
def test_a_side_file_has_one_writer_at_a_time() -> None:
    with rejects.opened(RUN), pytest.raises(AlreadyRunning, match="is being imported by another process"):
        rejects.opened(RUN).__enter__()
    with rejects.opened(RUN) as file:
        assert rejects.put(file, 0, []) == 0
