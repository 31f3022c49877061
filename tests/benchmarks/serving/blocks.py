"""Load in blocks: ours and its peers in turns, again and again in one run, so that what else the machine does hits all of them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import psutil

from tests.benchmarks.records import Row, record
from tests.faults import load
from tests.faults.served import Served
from tests.faults.wire import post

BLOCKS = 5
WIDTH = 8  # callers at saturation; connections spread over the workers as the kernel likes
Body = Callable[[int], dict]


@dataclass(frozen=True)
class Target:
    """Where requests go.

    Attributes:
        served, path: the address.
        body: of request `number`; every number gives another text.
        rate: requests a second; 0: one after the other.
        count: requests of a block.
    """

    served: Served
    path: str
    body: Body
    rate: float = 0.0
    count: int = 150


@dataclass
class Measured:
    """What blocks of one target gave, a value a block.

    Attributes:
        p50, p95, p99: milliseconds.
        cpu: milliseconds of processor time of all workers, a request.
    """

    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def latencies(targets: Mapping[str, Target], blocks: int = BLOCKS) -> dict[str, Measured]:
    """Latencies of targets by name, block by block in turns.

    Raises:
        RuntimeError: a request was not answered with 200.
    """
    found, number = {name: Measured() for name in targets}, 0
    for target in targets.values():
        number += _warm(target, number)
    for _ in range(blocks):
        for name, target in targets.items():
            before = cpu_seconds(target.served)
            outcomes = asyncio.run(_block(target, number))
            spent = cpu_seconds(target.served) - before
            number += target.count
            times, into = [1000 * o.seconds for o in outcomes], found[name]
            for values, share in ((into.p50, 50), (into.p95, 95), (into.p99, 99)):
                values.append(float(np.percentile(times, share)))
            into.cpu.append(1000 * spent / len(outcomes))
    return found


def throughputs(targets: Mapping[str, Target], blocks: int = BLOCKS, width: int = WIDTH) -> dict[str, list[float]]:
    """Requests a second of targets by name with `width` callers who wait for nothing but their answer, a value a block."""
    found, number = {name: [] for name in targets}, 1_000_000
    for target in targets.values():
        number += _warm(target, number)
    for _ in range(blocks):
        for name, target in targets.items():
            outcomes = asyncio.run(load.closed(target.served.port, _maker(target, number), target.count, width))
            _refuse_failures(outcomes, target)
            number += target.count
            took = max(o.sent + o.seconds for o in outcomes) - min(o.sent for o in outcomes)
            found[name].append(len(outcomes) / took)
    return found


def capacity(target: Target) -> float:
    """Requests a second at saturation, roughly."""
    return statistics.median(throughputs({"": replace(target, count=100)}, blocks=2)[""])


def rows(name: str, ours: Measured, peers: Mapping[str, Measured], quantiles: Sequence[str] = ("p50", "p99")) -> list[Row]:
    """A row for each quantile and peer, medians over the blocks; ``{}`` in `name` becomes the quantile."""
    found = []
    for quantile in quantiles:
        for peer, measured in peers.items() or [(None, None)]:
            theirs = getattr(measured, quantile) if measured else []
            found.append(record(name.format(quantile), getattr(ours, quantile), theirs, peer, "ms"))
    return found


def cpu_seconds(served: Served) -> float:
    """Processor time of a server so far: of its master, which does next to nothing, and its workers."""
    master = psutil.Process(served.pid)
    return sum(sum(process.cpu_times()[:2]) for process in (master, *master.children(recursive=True)))


def _maker(target: Target, first: int) -> load.Make:
    return lambda number: post(target.path, target.body(first + number))


async def _block(target: Target, first: int) -> list[load.Outcome]:
    if target.rate:
        outcomes = await load.opened(target.served.port, _maker(target, first), target.rate, target.count / target.rate)
    else:
        outcomes = await load.closed(target.served.port, _maker(target, first), target.count, 1)
    _refuse_failures(outcomes, target)
    return outcomes


def _warm(target: Target, first: int) -> int:
    """Some requests to every worker, whose first ones load what is loaded late."""
    count = min(40, target.count)
    outcomes = asyncio.run(load.closed(target.served.port, _maker(target, first), count, min(WIDTH, count)))
    _refuse_failures(outcomes, target)
    return count


def _refuse_failures(outcomes: Sequence[load.Outcome], target: Target) -> None:
    if set(seen := load.statuses(outcomes)) != {200}:
        bad = next(o for o in outcomes if o.status != 200)
        raise RuntimeError(f"{target.path}: {seen}; {bad.answer.body[:500] if bad.answer else 'lost'}")
