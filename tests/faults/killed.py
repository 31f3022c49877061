"""A worker is killed under load: the other one goes on, and a new one answers within seconds."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

import psutil

from tests.faults import load
from tests.faults.noise import noise
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import Connection, head, post

SECONDS, BEFORE, PATIENCE, LIMIT = 600, 2.0, 180.0, 5.0
AT_ONCE = 6
RATE = 4.0  # requests a second: far below what one worker can, so that what fails does so because of the kill


@dataclass(frozen=True)
class Restart:
    """What it took to replace a worker.

    Attributes:
        seconds: from the kill to the new worker's first answer.
        noticed: from the kill to the new worker's start.
        cpu: seconds of a processor that the new worker had until it answered.
    """

    seconds: float
    noticed: float
    cpu: float


async def kill_one(served: Served) -> Restart:
    """End a worker without notice, and wait until a new one answers."""
    old = set(served.workers())
    victim = max(old)
    await asyncio.sleep(BEFORE)
    started = time.perf_counter()
    os.kill(victim, signal.SIGKILL)
    noticed = None
    while time.perf_counter() - started < PATIENCE:
        await asyncio.sleep(0.05)
        if noticed is None and set(served.workers()) - old:
            noticed = time.perf_counter() - started
        pid = await answering(served, old)
        if pid is not None:
            took = time.perf_counter() - started
            times = psutil.Process(pid).cpu_times()
            return Restart(took, noticed or took, times.user + times.system)
    raise TimeoutError(f"no new worker within {PATIENCE:g} s")


async def answering(served: Served, old: set[int]) -> int | None:
    """A worker that is none of the old ones and has answered. Both listen at one door, so several are asked at once: of single
    callers the busy worker, which is awake, takes nearly all."""

    async def ask() -> int | None:
        try:
            connection = await Connection.open(served.port)
            try:
                await asyncio.wait_for(connection.ask(head("GET", "/v1/health")), 30)
                return await asyncio.to_thread(served.worker_behind, connection.local_port)
            finally:
                connection.close()
        except (OSError, EOFError, TimeoutError):
            return None

    found = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return next((pid for pid in found if pid is not None and pid not in old), None)


async def kill_under_load(served: Served, stand: Stand) -> tuple[Restart, list[load.Outcome]]:
    """Requests before, while one worker is missing, and a little after."""
    killing = asyncio.create_task(kill_one(served))
    make = lambda n: post("/v1/rank", {"query": {"text": stand.texts[n % len(stand.texts)]}, "candidates": stand.product_ids[:20]})  # noqa: E731
    outcomes: list[load.Outcome] = []
    while not killing.done():
        outcomes += await load.opened(served.port, make, RATE, 3.0, retry=True)
    outcomes += await load.opened(served.port, make, RATE, 2.0, retry=True)
    return await killing, outcomes


def measure(stand: Stand) -> list[Row]:
    """Two workers, of which one is killed."""
    with serve(stand) as served, noise() as heard:
        restart, outcomes = asyncio.run(kill_under_load(served, stand))
    shed = sum(o.status == 503 and "retry-after" in o.answer.headers for o in outcomes if o.answer)
    failed = len(outcomes) - shed - sum(o.status == 200 for o in outcomes)
    again = sum(o.retried for o in outcomes)
    seen = f"{load.statuses(outcomes)}, {again} sent again because their connection died, {shed} shed; {heard}"
    back = (
        f"{restart.seconds:.1f} s: started after {restart.noticed:.1f} s, then ready with {restart.cpu:.1f} s of processor "
        f"time in {restart.seconds - restart.noticed:.1f} s"
    )
    return [
        Row(
            "killed: requests meanwhile",
            len(outcomes),
            failed,
            "all answered, with one retry as a load balancer does",
            seen,
            not failed,
        ),
        Row("killed: a new worker answers", 1, 0, f"within {LIMIT:g} s", back, restart.seconds <= LIMIT),
    ]


if __name__ == "__main__":
    main(measure, SECONDS)
