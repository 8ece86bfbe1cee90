"""What a process keeps of what it has read or made, as long as there is room: what nobody has wanted for longest goes first."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RecentlyUsed(Generic[Key, Value]):
    """Values by key, of together no more than `limit` by `size` (each counts 1 by default). Safe in threads."""

    def __init__(self, limit: int, size: Callable[[Value], int] = lambda _value: 1) -> None:
        self.limit = limit
        self._kept: LRUCache[Key, Value] = LRUCache(limit, getsizeof=size)
        self._lock = Lock()

    def find(self, key: Key) -> Value | None:
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """In place of what was kept under the key. What is larger than the limit is not kept."""
        with self._lock:
            self._kept.pop(key, None)
            if self._kept.getsizeof(value) <= self._kept.maxsize:
                self._kept[key] = value

    def forget(self) -> None:
        """Keep nothing any more, as a process that has just started."""
        with self._lock:
            self._kept.clear()

    @property
    def total(self) -> float:
        return self._kept.currsize
