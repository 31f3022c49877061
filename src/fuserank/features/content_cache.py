"""What was lately made of contents, in memory: who serves is asked for the same words again, and for the next page of a query."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

ENTRIES = 10_000  # of 1 to 9 KB each


class ContentCache:
    """Forgets what was longest not asked for; safe to use from many threads.

    Args:
        entries: how many values are held, at least 1.
    """

    def __init__(self, entries: int = ENTRIES) -> None:
        if entries < 1:
            raise ValueError(f"entries must be at least 1, got {entries}")
        self._entries, self._hits, self._misses = entries, 0, 0
        self._values: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._lock = Lock()

    @property
    def hits(self) -> int:
        """Values asked for that were there."""
        return self._hits

    @property
    def misses(self) -> int:
        """Values asked for that were not there."""
        return self._misses

    def get(self, maker: str, keys: Iterable[str]) -> dict[str, Any]:
        """What is held of these contents, by key.

        Args:
            maker: who made it, with version; another one's values are others.
            keys: hashes of contents.
        """
        found = {}
        with self._lock:
            for key in keys:
                if (maker, key) in self._values:
                    self._values.move_to_end((maker, key))
                    found[key] = self._values[maker, key]
                    self._hits += 1
                else:
                    self._misses += 1
        return found

    def put(self, maker: str, values: Mapping[str, Any]) -> None:
        """Hold values by key. They are given out as they are, so nobody may change them."""
        with self._lock:
            for key, value in values.items():
                self._values[maker, key] = value
                self._values.move_to_end((maker, key))
            while len(self._values) > self._entries:
                self._values.popitem(last=False)
