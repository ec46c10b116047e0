from django.core.management.base import BaseCommand

from kpiservice import access, embedded, processes


class Command(BaseCommand):
    help = (
        "End what `manage.py demo` has started for this KPISERVICE_VAR: web server, worker, beat, and the "
        "embedded PostgreSQL and Valkey. Nothing stored is lost."
    )
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        access.withdraw()
        ended = processes.stop_all() + embedded.stop()
        self.stdout.write(f"Stopped: {', '.join(ended)}" if ended else "Nothing was running")
