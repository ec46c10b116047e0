"""manage.py import: a file of messages into a workspace, and its KPIs rolled up."""  # noqa: N999 (its name is the command's)

import json
import time
from argparse import RawDescriptionHelpFormatter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import Error as DatabaseError
from rich.console import Console
from rich.table import Table

from apps.events import imports, rejects
from apps.events.imports import Order, Progress
from apps.events.models import ImportRun
from apps.events.readers import SUFFIXES, Format, Unreadable, format_of
from apps.rollups import queue
from apps.workspaces.lookup import UnknownWorkspace, named
from apps.workspaces.models import Workspace
from apps.workspaces.policy import Refused
from kpiservice.meter import Show, meter

HELP = """\
Import Segment messages from a file of any size: JSONL, CSV or Parquet, the first two gzipped or not.
What is imported again changes nothing. An import that was interrupted goes on where it was: give the same
command again. Lines that cannot be taken go, with the reason, to a side file in KPISERVICE_VAR/imports."""

EXAMPLES = """\
examples:

  JSONL: a message a line
    manage.py import events.jsonl.gz --workspace acme

    {"type": "track", "messageId": "m-1", "userId": "alice", "event": "share.created", "timestamp":
    "2026-04-30T09:15:00+02:00", "properties": {"share_type": "invite", "recipients_count": 3}}

  CSV: a message a row; a field of an object has a column of its own, or the object is a column of JSON
    manage.py import events.csv --workspace acme

    type,messageId,userId,event,timestamp,properties.share_type,properties.recipients_count
    track,m-1,alice,share.created,2026-04-30T09:15:00+02:00,invite,3

  Parquet: columns as in CSV, objects as structs too; here a file whose name does not tell the format
    manage.py import part-0001 --format parquet --workspace acme

    type: string, messageId: string, userId: string, event: string, timestamp: timestamp[us, tz=UTC],
    properties: struct<share_type: string, recipients_count: int64>

docs/import.md says what else a file may hold."""


class HelpWithExamples(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the lines of the examples as they are."""


@dataclass(slots=True)
class Gauge:
    """Hears how far an import is, and passes it on with the rate."""

    show: Show
    begun: float
    first: int | None = None
    messages: int = 0

    def __call__(self, progress: Progress) -> None:
        self.first = progress.messages if self.first is None else self.first
        self.messages = progress.messages
        self.show(progress.read, progress.size, f"{self.messages:,} messages, {self.rate():,} a second")

    def rate(self) -> int:
        return round((self.messages - (self.first or 0)) / max(time.monotonic() - self.begun, 0.001))


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = HelpWithExamples
        parser.epilog = EXAMPLES
        parser.add_argument("file", type=Path, metavar="FILE", help="the file to import")
        parser.add_argument("--workspace", required=True, metavar="SLUG", help="where the messages belong")
        parser.add_argument("--format", choices=[*Format], help="what FILE is (default: what its name says)")
        parser.add_argument(
            "--source",
            default="default",
            help="the sending system, within which a message id is unique (default: default, as of an API key)",
        )
        parser.add_argument("--no-rollup", action="store_true", help="leave the roll-ups to the workers")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON, not as a table")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(stderr=True)
        path, form = options["file"], options["format"]
        order = Order(_workspace(options["workspace"]), path, _format(path, form), options["source"])
        run, rate = _imported(console, order)
        if not options["no_rollup"]:
            _roll_up(console, order.workspace.pk)
        outcome = _outcome(run, rate)
        if options["json"]:
            self.stdout.write(json.dumps(outcome, indent=2))
        else:
            _print(outcome)


def _workspace(slug: str) -> Workspace:
    try:
        return named(slug)
    except UnknownWorkspace as error:
        raise CommandError(f"--workspace: {error}") from error


def _format(path: Path, given: str | None) -> Format:
    form = Format(given) if given else format_of(path)
    if form is None:
        raise CommandError(
            f"--format: {path.name} ends in none of {', '.join(SUFFIXES)}; say jsonl, csv or parquet"
        )
    return form


def _imported(console: Console, order: Order) -> tuple[ImportRun, int]:
    """The finished run, and how many messages a second it read."""
    with meter(console, "Importing") as show:
        gauge = Gauge(show, time.monotonic())
        try:
            return imports.run(order, gauge), gauge.rate()
        except Unreadable as error:
            advice = "Mend the file and import it again: what is stored is a duplicate then."
            raise CommandError(
                f"{error.reason} {gauge.messages:,} messages were read and stay. {advice}"
            ) from error
        except (OSError, Refused, rejects.AlreadyRunning) as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, KeyboardInterrupt) as error:
            stopped = f"Stopped after {gauge.messages:,} messages: {type(error).__name__} {error}".strip()
            raise CommandError(f"{stopped}. Give the same command again to go on.") from error


def _roll_up(console: Console, workspace_id: int) -> None:
    built, total = 0, queue.pending(workspace_id)
    with meter(console, "Rolling up") as show:

        def on_progress(more: int) -> None:
            nonlocal built, total
            built += more
            # An hour that is built marks its day, a day its month: the total still grows.
            total = built + queue.pending(workspace_id)
            show(built, total, f"{built:,} of {total:,} buckets")

        queue.settle(workspace_id, on_progress)


def _outcome(run: ImportRun, rate: int) -> dict[str, str | int | None]:
    return {
        "workspace": run.workspace.slug,
        "file": run.file,
        "messages": run.position,
        "accepted": run.accepted,
        "duplicate": run.duplicate,
        "rejected": run.rejected,
        "rejects": str(rejects.path_of(run)) if run.rejected else None,
        "messages_per_second": rate,
        "buckets_pending": queue.pending(run.workspace.pk),
    }


def _print(outcome: dict[str, str | int | None]) -> None:
    console = Console(highlight=False)
    table = Table(show_header=False)
    for name in ("messages", "accepted", "duplicate", "rejected", "messages_per_second", "buckets_pending"):
        table.add_row(name.replace("_", " "), f"{outcome[name]:,}")
    console.print(table)
    if outcome["rejects"]:
        console.print(f"Rejected lines and the reasons: {outcome['rejects']}", soft_wrap=True)
