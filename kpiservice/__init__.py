# Whoever runs Django may publish a task, so the application that knows the broker is always the current one.
from kpiservice.celery import app as celery_app

__all__ = ["celery_app"]
