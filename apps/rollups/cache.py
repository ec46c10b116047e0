"""The rows that this process has read. Rows never change, so what is held is never wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

from apps.engine.numbers import Numbers
from apps.engine.sets import Members
from apps.rollups.finding import Row


@dataclass(frozen=True, slots=True)
class Held:
    """A row and its bytes, read; `size` is about how many it takes in memory."""

    row: Row
    members: Members
    numbers: Numbers | None
    size: int


class Cache:
    """Rows by id, up to about `capacity` bytes; the least used go first.

    An erasure rewrites rows in place, so a row is known by the number of its workspace's erasures as well.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity, self.size = capacity, 0
        self._held: OrderedDict[tuple[int, int], Held] = OrderedDict()
        self._lock = Lock()

    def get(self, epoch: int, ids: Iterable[int]) -> dict[int, Held]:
        """Those of the rows that are held, as they are after so many erasures."""
        with self._lock:
            found = {pk: self._held[epoch, pk] for pk in ids if (epoch, pk) in self._held}
            for pk in found:
                self._held.move_to_end((epoch, pk))
            return found

    def put(self, epoch: int, read: Mapping[int, Held]) -> None:
        """Hold these rows too."""
        with self._lock:
            for pk, held in read.items():
                if (epoch, pk) not in self._held:
                    self._held[epoch, pk] = held
                    self.size += held.size
            while self.size > self.capacity:
                self.size -= self._held.popitem(last=False)[1].size

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self.size = 0


CACHE = Cache(settings.ROLLUP_CACHE_BYTES)
