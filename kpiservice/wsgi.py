"""What Granian serves: `granian --interface wsgi kpiservice.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")
# Only the web's many short requests gain from a pool; a worker keeps one connection.
os.environ.setdefault("DATABASE_POOL", "true")

application = get_wsgi_application()
