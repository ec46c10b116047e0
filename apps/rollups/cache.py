"""What this process has read, and what it made of that. Rows never change, so what is held is never wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from django.conf import settings

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """Something, and about how many bytes it takes in memory."""

    what: T
    size: int


class Cache:
    """Rows by id, and what was made of rows by their ids, up to about `capacity` bytes; the least used go first.

    An erasure rewrites rows in place, so a row is known by the number of its workspace's erasures as well.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity, self.size = capacity, 0
        self._held: OrderedDict[tuple[int, Hashable], Held[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, epoch: int, keys: Iterable[Key]) -> dict[Key, Any]:
        """Those that are held, as they are after so many erasures."""
        with self._lock:
            found = {key: self._held[epoch, key].what for key in keys if (epoch, key) in self._held}
            for key in found:
                self._held.move_to_end((epoch, key))
            return found

    def put(self, epoch: int, read: Mapping[Key, Held[T]]) -> None:
        """Hold these too."""
        with self._lock:
            for key, held in read.items():
                if (epoch, key) not in self._held:
                    self._held[epoch, key] = held
                    self.size += held.size
            while self.size > self.capacity:
                self.size -= self._held.popitem(last=False)[1].size

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self.size = 0


CACHE = Cache(settings.ROLLUP_CACHE_BYTES)
