"""The same application for an ASGI server. The views are synchronous, so WSGI is the faster choice."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")

application = get_asgi_application()
