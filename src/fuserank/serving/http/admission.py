"""Threads for the work, and as many requests before them as can be answered soon: more are refused at once, not kept waiting.

A queue that is longer than patience only makes everybody late. How long a request would wait is the number before it times the
running mean of what one takes, over the threads; above `patience` it is shed with 503 and told when to come back.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
MEMORY = 0.05  # weight of the newest request in the running mean


class Overloaded(Exception):  # noqa: N818 (the state of the service, not a mistake)
    """The request would wait too long.

    Attributes:
        retry_after: whole seconds, at least 1.
    """

    def __init__(self, wait: float) -> None:
        super().__init__(f"{1000 * wait:.0f} ms of work are waiting")
        self.retry_after = max(1, math.ceil(wait))


class Admission:
    """Runs work on a few threads.

    Args:
        threads: how many run at once.
        patience: seconds that a request may wait for its turn.
        on_change: told how many are inside whenever that changes.
    """

    def __init__(self, threads: int, patience: float, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._threads, self._patience, self._on_change = threads, patience, on_change
        self._inside, self._mean = 0, 0.0

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run `work` on a thread.

        Raises:
            Overloaded: its turn would not come soon.
        """
        waiting = max(0, self._inside - self._threads + 1)
        if waiting and (wait := waiting * self._mean / self._threads) > self._patience:
            raise Overloaded(wait)
        self._inside += 1
        self._on_change(self._inside)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work)
        finally:
            self._inside -= 1
            self._on_change(self._inside)

    def _timed(self, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        try:
            return work()
        finally:
            took = time.perf_counter() - started
            self._mean += (MEMORY if self._mean else 1.0) * (took - self._mean)

    def close(self) -> None:
        """Let go of the threads; what runs ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)
