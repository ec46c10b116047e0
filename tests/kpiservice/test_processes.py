import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kpiservice import processes

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
OTHER_SLEEPER = [sys.executable, "-c", "import time; print('another', flush=True); time.sleep(600)"]
PARENT = [sys.executable, "-c", f"import subprocess; subprocess.run({SLEEPER!r})"]
STUBBORN = [sys.executable, "-c", f"import signal; signal.signal(15, signal.SIG_IGN); {SLEEPER[2]}"]


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KPISERVICE_VAR", str(tmp_path))
    yield tmp_path
    processes.stop_all()


def begin(command: list[str]) -> None:
    """Start it and wait until it, or its child, has said something."""
    processes.ensure("worker", command)
    deadline = time.monotonic() + 30
    while not processes.log_file("worker").read_text() and time.monotonic() < deadline:
        time.sleep(0.01)


def leader(var: Path) -> psutil.Process:
    return psutil.Process(json.loads((var / "run" / "worker.json").read_text())["pid"])


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_started_process_runs_on_and_writes_its_log() -> None:
    begin(SLEEPER)

    assert processes.is_running("worker", SLEEPER)
    assert processes.log_file("worker").read_text() == "awake\n"
    assert processes.stop_all() == ["worker"]
    assert not processes.is_running("worker", SLEEPER)


def test_what_runs_already_is_left_alone(var: Path) -> None:
    begin(SLEEPER)
    before = leader(var)

    processes.ensure("worker", SLEEPER)

    assert leader(var) == before


def test_another_command_under_the_name_takes_its_place(var: Path) -> None:
    begin(SLEEPER)
    before = leader(var)

    processes.ensure("worker", OTHER_SLEEPER)

    assert not lives(before)
    assert processes.is_running("worker", OTHER_SLEEPER)
    assert not processes.is_running("worker", SLEEPER)


def test_children_of_a_killed_process_are_ended_with_its_name(var: Path) -> None:
    begin(PARENT)
    parent = leader(var)
    (child,) = parent.children()
    parent.kill()
    parent.wait()

    assert not processes.is_running("worker", PARENT)
    assert processes.stop("worker")
    assert not lives(child)


def test_a_suspended_process_is_ended(var: Path) -> None:
    begin(SLEEPER)
    leader(var).suspend()

    assert processes.stop("worker")
    assert not processes.is_running("worker", SLEEPER)


def test_a_process_that_ignores_the_request_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SHUTDOWN_SECONDS", 0.2)
    begin(STUBBORN)

    assert processes.stop("worker")
    assert not processes.is_running("worker", STUBBORN)


def test_a_process_that_was_given_the_pid_of_an_ended_one_is_left_alone(var: Path) -> None:
    begin(SLEEPER)
    process = leader(var)
    record = var / "run" / "worker.json"
    record.write_text(record.read_text().replace('"create_time": ', '"create_time": 1'))

    assert not processes.is_running("worker", SLEEPER)
    assert not processes.stop("worker")
    assert lives(process)
    process.kill()


def test_nothing_to_stop_is_no_error() -> None:
    assert not processes.stop("worker")
    assert processes.stop_all() == []
