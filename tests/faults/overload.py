"""Five times as many requests as can be answered: those that are taken are answered as quickly as ever, the others refused at once."""

from __future__ import annotations

import asyncio
import os

from tests.faults import load
from tests.faults.noise import noise
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import post

SECONDS, LEAST = 400, 150
NOMINAL, OVER, FACTOR, LASTING = 0.4, 5.0, 2.0, 8.0


def make(stand: Stand):
    """Requests that no cache knows: each has words of its own."""

    def request(number: int) -> bytes:
        text = f"{stand.texts[number % len(stand.texts)]} {number}"
        return post("/v1/rank", {"query": {"text": text}, "candidates": stand.product_ids})

    return request


async def measured(served: Served, stand: Stand) -> tuple[float, list[load.Outcome], list[load.Outcome]]:
    """(requests a second at full load, outcomes at nominal load, outcomes at overload)."""
    asked = make(stand)
    await load.closed(served.port, asked, 40, 4)
    full = [o for o in await load.closed(served.port, lambda n: asked(n + 10_000), 300, 4) if o.status == 200]
    took = max(o.sent + o.seconds for o in full) - min(o.sent for o in full)
    capacity = len(full) / took
    seconds = max(LASTING, LEAST / (NOMINAL * capacity))
    nominal = await load.opened(served.port, lambda n: asked(n + 20_000), NOMINAL * capacity, min(seconds, 40.0))
    await asyncio.sleep(1)
    over = await load.opened(served.port, lambda n: asked(n + 40_000), OVER * capacity, LASTING)
    return capacity, nominal, over


def measure(stand: Stand) -> list[Row]:
    """Capacity, then 40 % of it, then five times it."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("FUSERANK_SERVING__")}
    with serve(stand, **settings) as served, noise() as heard:
        capacity, nominal, over = asyncio.run(measured(served, stand))
    usual, taken = ([o for o in some if o.status == 200] for some in (nominal, over))
    refused = [o for o in over if o.status == 503]
    named = [o for o in refused if o.answer and int(o.answer.headers.get("retry-after", 0)) >= 1]
    lost = len(over) - len(taken) - len(named)
    before, then = load.percentile(usual, 99), load.percentile(taken, 99)
    with_settings = f"; {settings}" if settings else ""
    seen = (
        f"p99 {then:.0f} ms of {len(taken)} taken at {OVER * capacity:.0f}/s, {before:.0f} ms of {len(usual)} at "
        f"{NOMINAL * capacity:.0f}/s ({len(nominal) - len(usual)} refused); capacity {capacity:.0f}/s{with_settings}; {heard}"
    )
    quick = f"p50 {load.percentile(refused, 50):.0f} ms, p99 {load.percentile(refused, 99):.0f} ms of {len(refused)}; {load.statuses(over)}"
    return [
        Row("overload: those that are taken", len(taken), 0, f"p99 at most {FACTOR:g} × that at nominal load", seen, then <= FACTOR * before),
        Row("overload: those that are refused", len(over) - len(taken), lost, "503 with Retry-After", quick, not lost and bool(refused)),
    ]  # fmt: skip


if __name__ == "__main__":
    main(measure, SECONDS)
