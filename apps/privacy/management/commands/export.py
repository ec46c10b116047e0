"""manage.py export: everything that is held of a person."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.privacy.export import export
from apps.privacy.person import UnknownPerson
from apps.workspaces.lookup import UnknownWorkspace, named

HELP = """\
Write everything that is held of a person as one JSON document: ids, traits, aliases, memberships, events with
their properties, what they stood in by day, and messages of theirs that were rejected.
"""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", metavar="WORKSPACE", help="the workspace's short name")
        parser.add_argument(
            "external_id", metavar="EXTERNAL_ID", help="any of the person's ids, as the sender writes it"
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="a new file for its owner's eyes (default: print it)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pieces = export(named(options["workspace"]).pk, options["external_id"])
        except (UnknownWorkspace, UnknownPerson) as error:
            raise CommandError(str(error)) from error
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
        else:
            _write(options["output"], pieces)


def _write(path: Path, pieces: Iterable[str]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"--output: expected a file that is not there yet; {error.strerror}: {path}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(pieces)
