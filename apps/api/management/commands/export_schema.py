"""`manage.py export_schema > apps/api/schema.graphql` writes the SDL that is committed."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.api.schema import sdl


class Command(BaseCommand):
    help = "Print the GraphQL schema, sorted."

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(sdl())
