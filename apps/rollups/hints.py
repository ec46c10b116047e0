"""A word to the workers that something waits. Only a hint: who misses it is found by the sweeper."""

from __future__ import annotations

import logging
import time
from threading import Lock

from kombu.exceptions import OperationalError

from apps.rollups.tasks import sweep

logger = logging.getLogger(__name__)

# One hint a moment says as much as a thousand; after a failure the broker is left alone for longer.
REST, REST_AFTER_FAILURE = 0.2, 5.0


class Pace:
    """When this process may hint again."""

    def __init__(self) -> None:
        self._next = 0.0
        self._lock = Lock()

    def is_due(self) -> bool:
        with self._lock:
            is_due = time.monotonic() >= self._next
            if is_due:
                self._next = time.monotonic() + REST
            return is_due

    def rest(self) -> None:
        with self._lock:
            self._next = time.monotonic() + REST_AFTER_FAILURE


PACE = Pace()


def hint() -> None:
    """Tell a worker to look, unless one was told a moment ago. Never raises: the broker may be down."""
    if not PACE.is_due():
        return
    try:
        sweep.apply_async(retry=False, expires=10)
    except (OperationalError, OSError) as error:
        PACE.rest()
        logger.warning("no worker could be told: %s", error)
