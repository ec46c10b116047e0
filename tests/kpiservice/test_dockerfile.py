"""The Dockerfile's own steps, without Docker: its files in an empty folder, its packages in a fresh venv.

Every absolute path of the image lies below that folder; `useradd`, which changes the system, is left out.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket

import pytest
import redis
import yaml

from kpiservice import embedded

PROJECT = embedded.PROJECT_FOLDER
SECONDS = 60.0


@dataclass
class Image:
    """What the steps have made so far; `root` is the folder that stands for `/`."""

    root: Path
    workdir: Path
    user: str = "root"
    port: str = ""
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def inside(self, path: str) -> Path:
        return self.root / path.lstrip("/") if path.startswith("/") else self.workdir / path

    def started_from(self, environment: dict[str, str]) -> dict[str, str]:
        path = f"{self.root / 'venv' / 'bin'}:{os.environ['PATH']}"
        return environment | self.environment | {"PATH": path}


def instructions() -> Iterator[tuple[str, str]]:
    text = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            yield instruction, rest


def take_base(image: Image, name: str) -> None:
    assert name == "python:3.11-slim"
    assert sys.version_info >= (3, 11)
    subprocess.run([sys.executable, "-m", "venv", image.root / "venv"], check=True)


def set_variable(image: Image, setting: str) -> None:
    name, _, value = setting.partition("=")
    image.environment[name] = str(image.inside(value)) if value.startswith("/") else value


def enter(image: Image, folder: str) -> None:
    image.workdir = image.inside(folder)
    image.workdir.mkdir(parents=True)


def copy(image: Image, paths: str) -> None:
    *sources, target = paths.split()
    sent = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in sources:
        assert source in sent, f".dockerignore keeps {source} back"
        if (PROJECT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / source, image.inside(target), ignore=ignored)
        else:
            shutil.copy(PROJECT / source, image.inside(target))


def perform(image: Image, command: str) -> None:
    if command.startswith("useradd "):
        return
    plain = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))}
    subprocess.run(["sh", "-c", command], check=True, cwd=image.workdir, env=image.started_from(plain))


def become(image: Image, user: str) -> None:
    image.user = user


def listen(image: Image, port: str) -> None:
    image.port = port


def end_with(image: Image, command: str) -> None:
    image.command = json.loads(command)


STEPS: dict[str, Callable[[Image, str], None]] = {
    "FROM": take_base,
    "ENV": set_variable,
    "WORKDIR": enter,
    "COPY": copy,
    "RUN": perform,
    "USER": become,
    "EXPOSE": listen,
    "CMD": end_with,
}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    made = Image(tmp_path, workdir=tmp_path)
    for instruction, rest in instructions():
        STEPS[instruction](made, rest)
    return made


@contextmanager
def running(image: Image, command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=image.workdir, env=image.started_from(environment))
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(SECONDS)


def command_of(role: str) -> list[str]:
    compose = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    command: list[str] = compose["services"][role]["command"]
    return command


def wait_until(happens: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not (happened := happens()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return happened


def status_of(port: str, path: str) -> int:
    server = HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        server.request("GET", path)
        return server.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        server.close()


def free_port() -> str:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def check_web(image: Image, environment: dict[str, str]) -> None:
    port = free_port()
    assert image.port in image.command
    command = [port if word == image.port else word for word in image.command]

    with running(image, command, environment):
        assert wait_until(lambda: status_of(port, "/healthz") == 200)
        assert status_of(port, "/static/admin/css/base.css") == 200


def check_worker(image: Image, environment: dict[str, str]) -> None:
    ping = shlex.split("celery -A kpiservice inspect ping")

    def answers() -> bool:
        variables = image.started_from(environment)
        asked = subprocess.run(ping, check=False, cwd=image.workdir, env=variables, capture_output=True, text=True)
        return "pong" in asked.stdout

    with running(image, command_of("worker"), environment):
        assert wait_until(answers)


def check_beat(image: Image, environment: dict[str, str]) -> None:
    with redis.Redis.from_url(environment["REDIS_URL"]) as broker:
        broker.delete("celery")
        with running(image, command_of("beat"), environment):
            assert wait_until(lambda: broker.llen("celery") > 0)
        tick = json.loads(broker.lindex("celery", 0))
    assert tick["headers"]["task"] == "rollups.sweep"


def test_one_image_runs_web_worker_and_beat(image: Image, service_environment: dict[str, str]) -> None:
    assert image.user == "kpiservice"
    assert list(image.root.rglob("secret_key")) == []
    # One test for all three, because the image takes long to make.
    check_web(image, service_environment)
    check_worker(image, service_environment)
    check_beat(image, service_environment)


def test_all_services_of_compose_share_the_image_and_know_where_to_connect() -> None:
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]

    assert set(services) == {"postgres", "valkey", "migrate", "web", "worker", "beat"}
    for role in ("migrate", "web", "worker", "beat"):
        assert services[role]["image"] == "kpiservice"
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} <= set(services[role]["environment"])
