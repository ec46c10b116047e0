"""manage.py erase: forget a person."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from apps.privacy.erase import erase
from apps.privacy.older import StillWriting
from apps.privacy.person import Person, UnknownPerson, find
from apps.workspaces.lookup import UnknownWorkspace, named

HELP = """\
Erase a person, under all ids that were ever merged or recognised as theirs: ids, traits, memberships and
properties go, from every table, side file and log, and nothing is taken under these ids any more. Their
events stay counted, for nobody, so no number of the past changes. What was broken off goes on when the same
command is given again. docs/privacy.md says what stays and where.
"""


class Command(BaseCommand):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", metavar="WORKSPACE", help="the workspace's short name")
        parser.add_argument("external_id", metavar="EXTERNAL_ID", help="the person's id, as the sender writes it")
        parser.add_argument(
            "--hard", action="store_true", help="delete their events too, and count again without them"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask: it cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        external_id = options["external_id"]
        try:
            person = find(named(options["workspace"]).pk, external_id)
            if not options["yes"]:
                self._ask(person, external_id)
            erased = erase(person.workspace_id, external_id, hard=options["hard"])
        except (UnknownWorkspace, UnknownPerson) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, StillWriting) as error:
            raise CommandError(f"Not done yet: {error}. Give the same command again to go on.") from error
        self.stdout.write(json.dumps(erased.counts, indent=2))

    def _ask(self, person: Person, external_id: str) -> None:
        self.stdout.write(f"All that leads to {', '.join(person.ids)} will be gone for ever.")
        if input("Type the id again to go on: ") != external_id:
            raise CommandError("Nothing was erased.")
