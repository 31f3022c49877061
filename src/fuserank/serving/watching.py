"""A thread that looks at something again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)
EVERY = 0.5  # seconds between looks


class Watch:
    """Calls `look` every `every` seconds until it is closed; what `look` raises is logged, and the next look may be luckier."""

    def __init__(self, name: str, look: Callable[[], object], every: float = EVERY) -> None:
        self._look, self._every, self._stop = look, every, threading.Event()
        self._thread = threading.Thread(target=self._watch, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._look()
            except Exception:
                log.exception("%s failed", self._thread.name)
