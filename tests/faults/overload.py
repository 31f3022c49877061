"""Five times as many requests as can be answered: those taken are answered as quickly as ever, the others refused at once."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from dataclasses import dataclass
from itertools import count

from tests.faults import load
from tests.faults.noise import noise
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import post

SECONDS, ROUNDS, WIDTH = 900, 3, 6
NOMINAL, OVER, FACTOR = 0.4, 5.0, 2.0
LASTING, MOST, LEAST = 8.0, 30.0, 150  # seconds of a load, and requests at nominal load


def make(stand: Stand) -> load.Make:
    """Requests that no cache knows: each has words of its own."""

    def request(number: int) -> bytes:
        text = f"{stand.texts[number % len(stand.texts)]} {number}"
        return post("/v1/rank", {"query": {"text": text}, "candidates": stand.product_ids})

    return request


@dataclass(frozen=True)
class Round:
    """Attributes: capacity: requests a second at full load. nominal, over: outcomes at a part and at a multiple of it."""

    capacity: float
    nominal: list[load.Outcome]
    over: list[load.Outcome]

    @property
    def ratio(self) -> float:
        """99th percentile of those taken at overload, over that at nominal load."""
        return load.percentile(answered(self.over), 99) / load.percentile(answered(self.nominal), 99)


def answered(outcomes: list[load.Outcome]) -> list[load.Outcome]:
    """Those that were not refused."""
    return [outcome for outcome in outcomes if outcome.status == 200]


async def capacity(port: int, asked: load.Make) -> float:
    """Requests a second that are answered when there is always one more; who is refused comes again soon."""
    callers, numbers, until = load.Callers(port, retry=False), count(), time.perf_counter() + LASTING

    async def call() -> int:
        good = 0
        while time.perf_counter() < until:
            outcome = await callers.ask(number := next(numbers), asked(number))
            good += outcome.status == 200
            if outcome.status != 200:
                await asyncio.sleep(0.02)
        return good

    total = sum(await asyncio.gather(*(call() for _ in range(WIDTH))))
    callers.close()
    return total / LASTING


async def one_round(served: Served, stand: Stand, number: int) -> Round:
    """Capacity anew, because the machine may have changed; then nominal load and overload, right after one another."""
    asked = make(stand)
    most = await capacity(served.port, lambda n: asked(n + 100_000 * number))
    lasting = min(MOST, max(LASTING, LEAST / (NOMINAL * most)))
    nominal = await load.opened(served.port, lambda n: asked(n + 100_000 * number + 30_000), NOMINAL * most, lasting)
    await asyncio.sleep(1)
    over = await load.opened(served.port, lambda n: asked(n + 100_000 * number + 60_000), OVER * most, LASTING)
    return Round(most, nominal, over)


async def all_rounds(served: Served, stand: Stand) -> list[Round]:
    """One after the other."""
    await load.closed(served.port, make(stand), 40, 4)
    return [await one_round(served, stand, number) for number in range(1, ROUNDS + 1)]


def measure(stand: Stand) -> list[Row]:
    """With the defaults, or with what the environment says of FUSERANK_SERVING__…"""
    settings = {name: value for name, value in os.environ.items() if name.startswith("FUSERANK_SERVING__")}
    with serve(stand, **settings) as served, noise() as heard:
        rounds = asyncio.run(all_rounds(served, stand))
    return [taken(rounds, f"{settings or 'defaults'}; {heard}"), refused(rounds)]


def taken(rounds: list[Round], words: str) -> Row:
    """Whether those that are let in are answered in time, by the median round."""
    said = [
        f"{r.ratio:.2f} ({load.percentile(answered(r.over), 99):.0f} ms at {OVER * r.capacity:.0f}/s, "
        f"{load.percentile(answered(r.nominal), 99):.0f} ms at {NOMINAL * r.capacity:.0f}/s)"
        for r in rounds
    ]
    tried, ratio = sum(len(answered(r.over)) for r in rounds), statistics.median(r.ratio for r in rounds)
    limit = f"p99 at most {FACTOR:g} × that at nominal load, median of {len(rounds)} rounds"
    return Row("overload: those that are taken", tried, 0, limit, f"{', '.join(said)}; {words}", ratio <= FACTOR)


def refused(rounds: list[Round]) -> Row:
    """Whether the others are told so, and when to come back."""
    others = [o for r in rounds for o in r.over if o.status != 200]
    good = [o for o in others if o.status == 503 and int(o.answer.headers.get("retry-after", 0)) >= 1]
    early = sum(o.status != 200 for r in rounds for o in r.nominal)
    seen = f"{load.statuses(others)}, p50 {load.percentile(good, 50):.0f} ms, p99 {load.percentile(good, 99):.0f} ms"
    failed = len(others) - len(good)
    limit = "503 with Retry-After"
    return Row("overload: those that are refused", len(others), failed, limit, f"{seen}; {early} at nominal load", not failed)


if __name__ == "__main__":
    main(measure, SECONDS)
