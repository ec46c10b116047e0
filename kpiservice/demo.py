"""`make demo`: from an empty folder to a running service with data. What is done is not done again."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from apps.kpis.overview import overview
from apps.rollups.queue import pending
from fixtures.load import load_acme_docs
from kpiservice import access, embedded, processes

WORKSPACE = "acme-docs"
MONTH = "2026-04"
ADMIN = "admin"
STARTUP_SECONDS = 60.0

CELERY = [sys.executable, "-m", "celery", "-A", "kpiservice"]
WORKER = [*CELERY, "worker", "--concurrency", "2", "--loglevel", "INFO"]
BEAT = [*CELERY, "beat", "--loglevel", "INFO"]
GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(settings.PORT)]
SIZE = ["--workers", "2", "--blocking-threads", "8"]
# A worker that is asked to end while it starts would otherwise be waited for without end.
LIFE = ["--respawn-failed-workers", "--workers-kill-timeout", "10"]
WEB = [*GRANIAN, *SIZE, *LIFE, "kpiservice.wsgi:application"]

HOST = "127.0.0.1"
BASE_URL = f"http://{HOST}:{settings.PORT}"


def run(console: Console) -> None:
    """Bring everything up, show the KPIs of one month and return; the service goes on in the background.

    Raises CommandError when the port is taken or a process ends.
    """
    access.withdraw()
    claim_port()
    prepare(console)
    # The worker rolls up what is loaded while the next day is loaded.
    serve(console)
    keys = load(console)
    roll_up(console)
    sign_in = {"admin_user": ADMIN, "admin_password": embedded.secret("admin_password")}
    access.publish(BASE_URL, {**keys, **sign_in})
    show(console)


def claim_port() -> None:
    """Refuse to begin what could not be served. What an earlier demo left on the port is ended."""
    if processes.is_running("web", WEB):
        return
    processes.stop("web")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.PORT))
        except OSError as error:
            raise CommandError(f"PORT: expected a free port, {settings.PORT} is none: {error.strerror}") from error


def prepare(console: Console) -> None:
    console.print("Preparing the database, the static files and the admin user")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    admin, _ = get_user_model().objects.get_or_create(
        username=ADMIN, defaults={"is_staff": True, "is_superuser": True}
    )
    password = embedded.secret("admin_password")
    if not admin.check_password(password):
        admin.set_password(password)
        admin.save()


def load(console: Console) -> Mapping[str, str]:
    with _bar(console) as progress:
        task = progress.add_task("Loading Acme Docs", total=None)
        return load_acme_docs(lambda done, total: progress.update(task, completed=done, total=total))


def serve(console: Console) -> None:
    console.print("Starting the worker, beat and the web server")
    processes.ensure("worker", WORKER)
    processes.ensure("beat", BEAT)
    os.environ["DEMO"] = "true"
    processes.ensure("web", WEB)
    deadline = time.monotonic() + STARTUP_SECONDS
    while not _answers():
        if time.monotonic() > deadline or not processes.is_running("web", WEB):
            raise CommandError(f"The web server does not answer; see {processes.log_file('web')}")
        time.sleep(0.1)


def roll_up(console: Console) -> None:
    """Wait until the worker has built every bucket that has changed."""
    with _bar(console) as progress:
        total = left = pending()
        moved = time.monotonic()
        task = progress.add_task("Rolling up", total=total)
        while left:
            if not processes.is_running("worker", WORKER):
                raise CommandError(f"The worker has ended; see {processes.log_file('worker')}")
            # An hour that is built marks its day, a day its month: the total may still grow.
            total = max(total, left)
            progress.update(task, completed=total - left, total=total)
            time.sleep(0.5)
            before, left = left, pending()
            moved = time.monotonic() if left != before else moved
            if time.monotonic() - moved > STARTUP_SECONDS:
                raise CommandError(f"{left} buckets are not built; see {processes.log_file('worker')}")
        progress.update(task, completed=total)


def show(console: Console) -> None:
    # Without padding the longest name fits into eighty characters.
    kpis = Table(title=f"Acme Docs, {MONTH}", padding=0)
    kpis.add_column("KPI", overflow="fold")
    for heading in ("Value", "Numerator", "Denominator"):
        kpis.add_column(heading, justify="right")
    for row in overview(WORKSPACE, MONTH):
        kpis.add_row(*row)
    console.print(kpis)
    console.print(f"[bold]{BASE_URL}/admin/[/bold] is the admin, for the user {ADMIN}")
    console.print(f"[bold]{BASE_URL}/graphql/[/bold] answers queries")
    console.print(f"{access.access_file()} holds all addresses, keys and the password")
    console.print("[bold]make stop[/bold] ends everything")


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _answers() -> bool:
    server = HTTPConnection(HOST, settings.PORT, timeout=5)
    try:
        server.request("GET", "/healthz")
        return server.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        server.close()
