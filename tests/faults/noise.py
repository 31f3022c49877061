"""What the machine does by itself: how late a thread wakes that only sleeps. Limits in milliseconds read beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

NAP = 0.005


class Noise:
    """Attributes: late: milliseconds that each nap was longer than asked for."""

    def __init__(self) -> None:
        self.late: list[float] = []

    def __str__(self) -> str:
        p50, p99, most = np.percentile(self.late or [0.0], (50, 99, 100))
        return f"a thread that only sleeps woke {p50:.0f} ms late (median), {p99:.0f} ms (p99), {most:.0f} ms (most)"


@contextmanager
def noise() -> Iterator[Noise]:
    """Listen while the block runs."""
    heard, stop = Noise(), threading.Event()

    def listen() -> None:
        while not stop.is_set():
            started = time.perf_counter()
            time.sleep(NAP)
            heard.late.append(1000 * (time.perf_counter() - started - NAP))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join()
