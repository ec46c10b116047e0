"""The Celery application: `celery -A kpiservice worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")

app = Celery("kpiservice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
