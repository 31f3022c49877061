"""Threads for work that somebody may stop waiting for: only so much of it waits, and what nobody wants holds on to nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Task(Generic[Result]):
    """Work that is waited for.

    Attributes:
        future: of the result.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work: Callable[[], Result] | None = work
        self.future: Future[Result] = Future()

    def __call__(self) -> None:
        """Do it, unless nobody waits for it any more."""
        work = self._work
        if work is None:
            return
        try:
            self.future.set_result(work())
        except BaseException as error:
            self.future.set_exception(error)

    def abandon(self) -> None:
        """Nobody waits for it any more. If it has not begun it never will, and what it was about is let go."""
        self._work = None


class BoundedPool:
    """Runs tasks on a few threads.

    Args:
        threads: how many run at once.
        most: how many may be there, those that run included.
        name: of the threads.
    """

    def __init__(self, threads: int, most: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = BoundedSemaphore(most)

    def submit(self, work: Callable[[], Result]) -> Task[Result] | None:
        """The task, or None when there is no place for it."""
        if not self._places.acquire(blocking=False):
            return None
        task = Task(work)
        self._pool.submit(task).add_done_callback(lambda _: self._places.release())
        return task

    def close(self) -> None:
        """Let go of the threads; what runs ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)
