"""What Celery runs: each task is one line deep."""

from __future__ import annotations

from celery import shared_task

from apps.rollups import prune as pruning
from apps.rollups import queue


@shared_task(name="rollups.sweep")
def sweep() -> None:
    """Rebuild what is due."""
    queue.sweep()


@shared_task(name="rollups.prune")
def prune() -> None:
    """Delete rows that nothing reads any more."""
    pruning.prune()
