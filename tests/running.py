"""Real processes for tests: web server, worker and beat, on ports and databases of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket
from typing import Any

from kpiservice.embedded import PROJECT_FOLDER

PYTHON = sys.executable
WORKER = [PYTHON, "-m", "celery", "-A", "kpiservice", "worker", "--concurrency", "1", "--pool", "prefork"]
BEAT = [PYTHON, "-m", "celery", "-A", "kpiservice", "beat"]


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def web(port: int) -> list[str]:
    return [PYTHON, "-m", "granian", "--interface", "wsgi", "--port", str(port), "kpiservice.wsgi:application"]


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not so within {seconds} seconds: {holds}"
        time.sleep(0.1)


@dataclass
class Running:
    """A command that is kept running: `kill` ends it and all its children at once, `start` starts it again."""

    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT_FOLDER,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """The command, until the block ends."""
    kept = Running(command, environment, log)
    kept.start()
    try:
        yield kept
    finally:
        kept.kill()


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What a manage.py command prints."""
    done = subprocess.run(
        [PYTHON, "manage.py", *arguments],
        cwd=PROJECT_FOLDER,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def request(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """Status and text; status 0 when nobody answers."""
    server = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        server.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = server.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException):
        return 0, ""
    finally:
        server.close()


def query(port: int, key: str, text: str) -> dict[str, Any]:
    """The data of a GraphQL query that has no errors."""
    body = json.dumps({"query": text}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content_Type": "application/json"}
    status, said = request(port, "POST", "/graphql/", body, **headers)
    answer = json.loads(said)
    assert (status, answer.get("errors")) == (200, None)
    data: dict[str, Any] = answer["data"]
    return data
