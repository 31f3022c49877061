"""Threads for the work, and as many requests before them as can be answered soon: more are refused at once, not kept waiting.

How long a request would wait is the number before it times the running mean of what one takes, over the threads. Above `patience`
it is shed with 503 and told when to come back. That is meant for bursts. Where one had to be shed, more comes than can be
answered, and whoever waits only makes everybody late: until nobody was shed for CALM seconds a request is taken when a thread is
free, and else shed, so that those who are taken are answered nearly as quickly as on a quiet day.

The two limits are those of controlled delay: Nichols & Jacobson 2012, "Controlling Queue Delay", ACM Queue 10 (5), as Maurer 2015,
"Fail at Scale", ACM Queue 13 (8), applies it to servers. A request that will be shed costs time as well, so `Shedding` says so
before anything of it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fuserank.serving.http.body import App, Message, Receive, Send

Result = TypeVar("Result")
MEMORY = 0.05  # weight of the newest request in the running mean
CALM = 1.0  # seconds without anybody shed, after which bursts may wait again


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
        patience: seconds that a request may wait for its turn.
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
        self._inside, self._mean, self._last_shed = 0, 0.0, -math.inf

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Run `work` on a thread. Who is cancelled while it runs leaves at once, but the thread is taken until the work is done.

        Raises:
            Overloaded: its turn would not come soon.
        """
        if (overloaded := self.overloaded()) is not None:
            raise overloaded
        self._count(1)
        loop, future = asyncio.get_running_loop(), self._pool.submit(self._timed, work)
        future.add_done_callback(lambda _: self._left(loop))
        return await asyncio.wrap_future(future)

    def _left(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the thread that did the work; counting is the event loop's, unless that is gone and nobody asks."""
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._count, -1)

    def overloaded(self) -> Overloaded | None:
        """What a request hears that comes now and would be shed; None: it is let in."""
        waiting = self._inside - self._threads + 1  # with this one
        if waiting <= 0:
            return None
        wait, now = waiting * self._mean / self._threads, self._clock()
        if wait <= self._patience and now - self._last_shed > CALM:
            return None
        self._last_shed = now
        return Overloaded(wait)

    def _count(self, change: int) -> None:
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


class Shedding:
    """ASGI middleware that answers in the place of what would be shed, before its body is read.

    Args:
        paths: whose requests pass the admission.
        answer: says it in the form of all refusals.
    """

    def __init__(self, app: App, admission: Admission, paths: Collection[str], answer: Callable[[Overloaded], App]) -> None:
        self._app, self._admission, self._paths, self._answer = app, admission, frozenset(paths), answer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        overloaded = self._admission.overloaded() if scope["type"] == "http" and scope["path"] in self._paths else None
        app = self._app if overloaded is None else self._answer(overloaded)
        await app(scope, receive, send)
