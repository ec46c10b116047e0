"""manage.py workspace: open a workspace from the shell."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.events.opening import open_workspace
from apps.workspaces.models import Workspace


class Command(BaseCommand):
    help = (
        "Open a workspace with the default event taxonomy, and print its keys as JSON. They are shown this once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = actions.add_parser(
            "create", help="open a workspace and print slug, read_key, ingest_key, admin_key"
        )
        create.add_argument("slug", help="its short name: letters, digits, - and _")
        create.add_argument("--name", help="what people call it (default: the slug)")
        create.add_argument(
            "--timezone", default="UTC", help="IANA zone of its days, such as Europe/Berlin (default: UTC)"
        )
        create.add_argument("--currency", default="EUR", help="reporting currency, ISO 4217 (default: EUR)")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace(
            slug=options["slug"],
            name=options["name"] or options["slug"],
            timezone=options["timezone"],
            reporting_currency=options["currency"],
        )
        try:
            opened = open_workspace(workspace)
        except ValidationError as error:
            problems = [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
            raise CommandError("\n".join(problems)) from error
        keys = {"read_key": opened.read_key, "ingest_key": opened.ingest_key, "admin_key": opened.admin_key}
        self.stdout.write(json.dumps({"slug": workspace.slug, **keys}, indent=2))
