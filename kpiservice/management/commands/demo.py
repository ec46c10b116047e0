from django.core.management.base import BaseCommand
from rich.console import Console

from kpiservice import demo


class Command(BaseCommand):
    help = (
        "Bring up PostgreSQL, Valkey, a worker, beat and a web server, load the workspace acme-docs, "
        "roll it up, print its KPIs, write demo.json into KPISERVICE_VAR and return. `manage.py stop` ends "
        "what this starts. PORT (8000) and KPISERVICE_VAR (var) say where."
    )

    def handle(self, *args: object, **options: object) -> None:
        demo.run(Console())
