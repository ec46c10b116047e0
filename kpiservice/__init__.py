"""The project: settings, the doors to the outside, and what starts the services beside them."""

import gc

# Whoever runs Django may publish a task, so the application that knows the broker is always the current one.
from kpiservice.celery import app as celery_app

__all__ = ["celery_app"]

# An answer and a bucket are made of many small objects that hold no circles: looking for some after each seven
# hundred of them took a fifth of all processor time of a random stream, and as much memory.
gc.set_threshold(50_000, 20, 100)
