"""The demo's worker, beat and web server: processes that outlive the command that starts them.

Each leads a session of its own, so that whatever it spawns is found again even where it was killed itself.
`var/run/<name>.json` says which session, `var/log/<name>.log` holds what it prints.
"""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from kpiservice import embedded

SHUTDOWN_SECONDS = 20.0


@dataclass(frozen=True)
class Started:
    """A started process: its session's id, which is its pid, and when it began (seconds since 1970)."""

    pid: int
    create_time: float
    command: list[str]

    def leads(self) -> bool:
        """Whether the process itself lives."""
        return any(process.pid == self.pid for process in self.members())

    def members(self) -> list[psutil.Process]:
        """The living processes of its session. A pid is not given away while its session has a member."""
        if self._pid_is_another():
            return []
        return [process for process in psutil.process_iter() if _is_alive_in(process, self.pid)]

    def _pid_is_another(self) -> bool:
        try:
            return abs(psutil.Process(self.pid).create_time() - self.create_time) > 1
        except psutil.NoSuchProcess:
            return False


def ensure(name: str, command: list[str]) -> None:
    """Start `command` in the background unless it runs; end what else runs under the name."""
    if is_running(name, command):
        return
    stop(name)
    log_file(name).parent.mkdir(parents=True, exist_ok=True)
    _record(name).parent.mkdir(parents=True, exist_ok=True)
    with log_file(name).open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=embedded.PROJECT_FOLDER,
            env=os.environ | {"KPISERVICE_VAR": str(embedded.var_folder())},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # It outlives this process, so nobody will wait for it: without a return code Python would warn of that.
    process.returncode = 0
    begun = Started(process.pid, psutil.Process(process.pid).create_time(), command)
    _record(name).write_text(json.dumps(asdict(begun)))


def is_running(name: str, command: list[str]) -> bool:
    started = _read(name)
    return started is not None and started.command == command and started.leads()


def stop(name: str) -> bool:
    """End the process and all that it spawned, gently at first; return whether any of it lived."""
    started = _read(name)
    members = started.members() if started else []
    if started and members:
        # The leader ends its children in good order; orphans have nobody to do so.
        asked = [process for process in members if process.pid == started.pid] or members
        _signal(asked, signal.SIGTERM)
        _signal(asked, signal.SIGCONT)
        _wait_for_end(started)
        _signal(started.members(), signal.SIGKILL)
    _record(name).unlink(missing_ok=True)
    return bool(members)


def stop_all() -> list[str]:
    """Stop everything that was started here and return the names of what lived."""
    names = sorted(record.stem for record in _record("*").parent.glob("*.json"))
    return [name for name in names if stop(name)]


def log_file(name: str) -> Path:
    return embedded.var_folder() / "log" / f"{name}.log"


def _record(name: str) -> Path:
    return embedded.var_folder() / "run" / f"{name}.json"


def _read(name: str) -> Started | None:
    try:
        return Started(**json.loads(_record(name).read_text()))
    except (FileNotFoundError, TypeError, ValueError):
        return None


def _is_alive_in(process: psutil.Process, session: int) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def _wait_for_end(started: Started) -> None:
    deadline = time.monotonic() + SHUTDOWN_SECONDS
    while started.members() and time.monotonic() < deadline:
        time.sleep(0.05)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
