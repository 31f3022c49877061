"""Threads for the work, and as many requests before them as can be answered soon: more are refused at once, not kept waiting.

How long a request would wait is the number before it times the running mean of what one takes, over the threads. Above `patience`
it is shed with 503 and told when to come back. That is meant for bursts. A queue that does not empty within `patience` is no burst:
more comes than can be answered, and whoever is let in only makes everybody late. Then no more wait than there are threads, so that
those who are taken are answered nearly as quickly as on a quiet day, and the threads still never starve.

The two limits are those of controlled delay: Nichols & Jacobson 2012, "Controlling Queue Delay", ACM Queue 10 (5), as Maurer 2015,
"Fail at Scale", ACM Queue 13 (8), applies it to servers.
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
    """Runs work on a few threads. To be called from one event loop.

    Args:
        threads: how many run at once.
        patience: seconds that a request may wait for its turn, and that more may come than can be answered.
        on_change: told how many are inside whenever that changes.
        clock: gives seconds.
    """

    def __init__(
        self,
        threads: int,
        patience: float,
        on_change: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._threads, self._patience, self._on_change, self._clock = threads, patience, on_change, clock
        self._inside, self._mean, self._last_free = 0, 0.0, clock()

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run `work` on a thread.

        Raises:
            Overloaded: its turn would not come soon.
        """
        self._admit()
        self._count(1)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work)
        finally:
            self._count(-1)

    def _admit(self) -> None:
        waiting = self._inside - self._threads + 1  # with this one
        if waiting <= 0:
            return
        wait = waiting * self._mean / self._threads
        is_burst = self._clock() - self._last_free <= self._patience
        if wait > self._patience or not (is_burst or waiting <= self._threads):
            raise Overloaded(wait)

    def _count(self, change: int) -> None:
        if min(self._inside, self._inside + change) < self._threads:
            self._last_free = self._clock()
        self._inside += change
        self._on_change(self._inside)

    def _timed(self, work: Callable[[], Result]) -> Result:
        started = self._clock()
        try:
            return work()
        finally:
            took = self._clock() - started
            self._mean += (MEMORY if self._mean else 1.0) * (took - self._mean)

    def close(self) -> None:
        """Let go of the threads; what runs ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)
