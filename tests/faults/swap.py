"""The release changes under load, forward, back, to a broken package and to a missing one: no request fails, none is mixed."""

from __future__ import annotations

import asyncio
import shutil
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from fuserank.messages import RankRequest
from fuserank.serving import RankingService, load
from tests.faults import load as loads
from tests.faults.row import Row, main
from tests.faults.served import Served, serve
from tests.faults.stand import Stand
from tests.faults.wire import Connection, head, post

SECONDS, COUNT, WIDTH, SWITCHES = 900, 10_000, 4, 6
TOLERANCE = 1e-3  # of a score; the two models differ by far more
PATIENCE = 60.0  # seconds in which every worker must follow

Order = tuple[tuple[str, float], ...]


@dataclass
class Timeline:
    """Which version may answer when: one is current from the moment its release is written until every worker has the next.

    Attributes:
        entered: moments (`time.perf_counter`) at which releases were written, ascending.
        settled: moments from which on every worker had them; as many.
        versions: as many.
    """

    entered: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)

    def current(self, since: float, until: float) -> set[str]:
        """Versions that were current at some moment of [since, until]."""
        first = max(0, bisect_right(self.settled, since) - 1)
        return set(self.versions[first : bisect_right(self.entered, until)])


def queries(stand: Stand) -> list[dict]:
    """A fixed set of requests."""
    return [{"query": {"text": text}, "candidates": stand.product_ids[:20], "k": 20} for text in stand.texts[:8]]


def expected(service: RankingService, asked: list[dict]) -> list[Order]:
    """What this model alone answers to each."""
    return [order_of(service.rank(RankRequest.model_validate(request)).model_dump()) for request in asked]


def order_of(answer: dict) -> Order:
    """Products and scores, best first."""
    return tuple((line["product_id"], line["score"]) for line in answer["results"])


def is_order(found: Order, wanted: Order) -> bool:
    """The same products in the same order with the same scores."""
    return [p for p, _ in found] == [p for p, _ in wanted] and all(
        abs(a - b) < TOLERANCE for (_, a), (_, b) in zip(found, wanted, strict=True)
    )


def flaw(answer: dict, number: int, orders: dict[str, list[Order]], allowed: set[str]) -> str | None:
    """What is wrong with an answer; None: nothing."""
    version = answer["model_version"]
    if version not in allowed:
        return f"{version} was not current"
    wanted = orders[version]
    return None if is_order(order_of(answer), wanted[number % len(wanted)]) else f"{version} gave another order than it gives alone"


async def health(served: Served) -> dict[int, dict]:
    """What each worker says of itself."""
    said: dict[int, dict] = {}
    for _ in range(60):
        connection = await Connection.open(served.port)
        answer = await connection.ask(head("GET", "/v1/health"))
        pid = await asyncio.to_thread(served.worker_behind, connection.local_port)
        connection.close()
        if pid is not None:
            said[pid] = answer.json()
        if len(said) == len(served.workers()):
            break
    return said


async def until(served: Served, holds: Callable[[dict], bool]) -> float:
    """Seconds until every worker's health is so."""
    started = time.perf_counter()
    while not all(holds(said) for said in (await health(served)).values()):
        if time.perf_counter() - started > PATIENCE:
            raise TimeoutError("a worker does not follow its release")
        await asyncio.sleep(0.1)
    return time.perf_counter() - started


@dataclass
class Seen:
    """What happened.

    Attributes:
        follow: seconds until all workers had a release.
        refused: releases that cannot be served by name, and whether all workers said so and went on with the old one.
        memory: by what share all workers together grew from the first change to the last.
    """

    follow: list[float] = field(default_factory=list)
    refused: dict[str, bool] = field(default_factory=dict)
    memory: float = 0.0


async def switching(served: Served, stand: Stand, versions: dict[str, str], timeline: Timeline, seen: Seen) -> None:
    """A, B, A …, then a damaged and a missing package, each of which is refused while the last good one goes on."""
    await asyncio.to_thread(served.settle)
    before = served.resident()
    for number in range(SWITCHES):
        name = "b" if number % 2 == 0 else "a"
        timeline.entered.append(time.perf_counter())
        timeline.versions.append(versions[name])
        stand.promote(name)
        has_it = lambda said, name=name: said["models"][0]["version"] == versions[name]  # noqa: E731
        seen.follow.append(await until(served, has_it))
        timeline.settled.append(time.perf_counter())
        await asyncio.sleep(1)
    for bad in ("broken", "missing"):
        stand.promote(bad)
        await until(served, lambda said: said["status"] == "degraded")
        said = await health(served)
        seen.refused[bad] = all(s["models"][0]["version"] == versions["a"] and s["problems"] for s in said.values())
        stand.promote("a")
        await until(served, lambda said: said["status"] == "ok")
    seen.memory = served.resident() / before - 1


async def under_load(served: Served, stand: Stand, versions: dict[str, str]) -> tuple[list[loads.Outcome], Timeline, Seen]:
    """Requests without a pause, at least COUNT of them and for as long as releases change."""
    asked, seen = queries(stand), Seen()
    timeline = Timeline([0.0], [0.0], [versions["a"]])
    make = lambda n: post("/v1/rank", asked[n % len(asked)])  # noqa: E731
    changes = asyncio.create_task(switching(served, stand, versions, timeline, seen))
    outcomes: list[loads.Outcome] = []
    while len(outcomes) < COUNT or not changes.done():
        outcomes += await loads.closed(served.port, make, len(asked) * 25, WIDTH)
        if changes.done() and changes.exception():
            break
    await changes
    return outcomes, timeline, seen


def broken_copy(stand: Stand) -> None:
    """A package with one bit flipped, beside the good ones."""
    folder = stand.packages / "broken"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stand.packages / "b", folder)
    data = bytearray((folder / "stored/evidence.npy").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "stored/evidence.npy").write_bytes(data)


def measure(stand: Stand) -> list[Row]:
    """Ten thousand requests while the champion changes."""
    broken_copy(stand)
    services = [load(stand.packages / name, rounded=True) for name in ("a", "b")]
    orders = {service.version: expected(service, queries(stand)) for service in services}
    versions = dict(zip(("a", "b"), orders, strict=True))
    with serve(stand, FUSERANK_SERVING__PATIENCE_MS="60000") as served:
        outcomes, timeline, seen = asyncio.run(under_load(served, stand, versions))
    return rows_of(outcomes, timeline, seen, orders)


def rows_of(outcomes: list[loads.Outcome], timeline: Timeline, seen: Seen, orders: dict[str, list[Order]]) -> list[Row]:
    """What failed, what was mixed, and what was refused."""
    good = [(o, o.answer.json()) for o in outcomes if o.status == 200]
    found = [flaw(said, o.number, orders, timeline.current(o.sent, o.sent + o.seconds)) for o, said in good]
    flaws, named = [words for words in found if words], {said["model_version"] for _, said in good}
    failed, refused = len(outcomes) - len(good), sum(seen.refused.values())
    followed = f"{SWITCHES} switches, followed in {min(seen.follow):.1f} to {max(seen.follow):.1f} s; memory {seen.memory:+.0%}"
    mixed = "; ".join(flaws[:3]) or f"none; {len(named)} versions answered"
    limit = "refused, the old one goes on, health says degraded"
    return [
        Row("swap: requests meanwhile", len(outcomes), failed, "0 failed", f"{loads.statuses(outcomes)}; {followed}", not failed),
        Row("swap: mixed or stale answers", len(good), len(flaws), "0", mixed, not flaws and len(named) == 2),
        Row("swap: a damaged and a missing package", 2, 2 - refused, limit, str(seen.refused), refused == 2),
    ]


if __name__ == "__main__":
    main(measure, SECONDS)
