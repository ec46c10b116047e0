"""The real servers, started, killed, suspended and stopped in a folder of the test."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from kpiservice import embedded

START = [sys.executable, "-c", "from kpiservice import embedded; embedded.start()"]


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from servers_in(tmp_path / "var", monkeypatch)


@pytest.fixture
def long_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from servers_in(tmp_path / ("long" * 30) / "var", monkeypatch)


def servers_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KPISERVICE_VAR", str(folder))
    for service in embedded.SERVICES:
        monkeypatch.delenv(service.variable, raising=False)
    yield folder
    embedded.stop()


def ask_database(query: str) -> object:
    with psycopg.connect(embedded.database_url()) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def ask_broker() -> object:
    with redis.Redis.from_url(embedded.redis_url()) as client:
        return client.ping()


def pid(service: embedded.Service) -> int:
    process = service.process()
    assert process is not None
    return process.pid


def test_start_gives_an_empty_database_and_a_broker(var: Path) -> None:
    embedded.start()

    assert ask_database("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    assert ask_database("SHOW max_locks_per_transaction") == "256"
    assert ask_database("SHOW max_connections") == "100"
    assert ask_database("SHOW autovacuum") == "on"
    assert ask_database("SELECT upper('é')") == "É"
    assert ask_broker() is True
    assert embedded.stop() == ["postgres", "valkey"]


def test_a_second_start_leaves_the_running_servers_alone(var: Path) -> None:
    embedded.start()
    before = [pid(service) for service in embedded.SERVICES]

    embedded.start()

    assert [pid(service) for service in embedded.SERVICES] == before


def test_four_commands_that_start_at_once_share_one_pair_of_servers(var: Path) -> None:
    starting = [subprocess.Popen(START, cwd=embedded.PROJECT_FOLDER) for _ in range(4)]

    assert [process.wait(60) for process in starting] == [0, 0, 0, 0]
    assert servers_below(var) == ["postgres", "valkey-server"]


def servers_below(var: Path) -> list[str]:
    folders = {str(var / "postgres"), str(var / "valkey")}
    running = psutil.process_iter(["name", "cwd", "ppid"])
    found = [process for process in running if process.info["cwd"] in folders]
    leaders = [process for process in found if process.info["ppid"] not in {other.pid for other in found}]
    return sorted(process.info["name"] for process in leaders)


def test_what_was_committed_survives_sigkill_of_both_servers(var: Path) -> None:
    embedded.start()
    with psycopg.connect(embedded.database_url()) as connection:
        connection.execute("CREATE TABLE people (name text)")
        connection.execute("INSERT INTO people VALUES ('Alice')")

    for service in embedded.SERVICES:
        os.kill(pid(service), signal.SIGKILL)
    embedded.start()

    assert ask_database("SELECT name FROM people") == "Alice"
    assert ask_broker() is True


def test_a_pid_that_somebody_else_was_given_is_not_taken_for_a_server(var: Path) -> None:
    embedded.start()
    embedded.stop()
    for service in embedded.SERVICES:
        (service.folder / service.pid_file).write_text(f"{os.getpid()}\n{service.folder}\n")

    assert embedded.stop() == []
    embedded.start()

    assert ask_database("SELECT 1") == 1
    assert ask_broker() is True


def test_suspended_servers_are_stopped(var: Path) -> None:
    embedded.start()
    for service in embedded.SERVICES:
        os.kill(pid(service), signal.SIGSTOP)

    assert embedded.stop() == ["postgres", "valkey"]
    assert servers_below(var) == []


def test_a_folder_too_long_for_a_socket_works(long_var: Path) -> None:
    assert len(os.fsencode(long_var / "postgres" / ".s.PGSQL.5432")) > 107
    embedded.start()
    os.kill(pid(embedded.POSTGRES), signal.SIGKILL)
    embedded.start()

    assert ask_database("SELECT 1") == 1
    assert ask_broker() is True
    assert embedded.stop() == ["postgres", "valkey"]


def test_a_folder_with_a_blank_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISERVICE_VAR", str(tmp_path / "my data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(embedded.EmbeddedServiceError, match="set KPISERVICE_VAR to a path without blanks"):
        embedded.start()


def test_an_interrupted_first_start_is_begun_anew(var: Path) -> None:
    unfinished = var / "postgres.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    embedded.start()

    assert ask_database("SELECT 1") == 1
    assert not unfinished.exists()


def test_a_first_start_that_is_killed_half_way_is_taken_over(var: Path) -> None:
    starting = subprocess.Popen(START, cwd=embedded.PROJECT_FOLDER)
    while not (var / "postgres.unfinished").exists():
        time.sleep(0.01)
    starting.kill()
    starting.wait()

    embedded.start()

    assert ask_database("SELECT 1") == 1
    assert servers_below(var) == ["postgres", "valkey-server"]


@pytest.mark.parametrize(
    ("variable", "running"),
    [("DATABASE_URL", [False, True]), ("REDIS_URL", [True, False])],
)
def test_an_address_in_the_environment_replaces_that_server_alone(
    var: Path, monkeypatch: pytest.MonkeyPatch, variable: str, running: list[bool]
) -> None:
    monkeypatch.setenv(variable, "somewhere://else")

    embedded.start()

    assert [service.process() is not None for service in embedded.SERVICES] == running


def test_a_secret_is_drawn_once_and_for_its_owner_alone(var: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(embedded.secret, ["secret_key"] * 8))

    assert drawn == {(var / "secret_key").read_text()}
    assert len(drawn.pop()) == 64
    assert stat.S_IMODE((var / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in var.iterdir()] == ["secret_key"]
