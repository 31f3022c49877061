"""Rows of a benchmark: ours beside a peer, measured in turns in one run; the ratio is the claim."""

import functools
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fuserank.files import write_file
from fuserank.pipeline.job import git_commit

OUT = Path("docs/bench")


@dataclass(frozen=True)
class Row:
    """One comparison. `spread` is the interquartile range of ours; `ratio` is ours / peer, None without a peer."""

    name: str
    ours: float
    peer: float | None
    peer_name: str | None
    unit: str
    spread: float
    ratio: float | None
    machine: str
    commit: str


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object] | None = None,
    peer_name: str | None = None,
    *,
    rounds: int = 15,
    unit: str = "ms",
    per: int = 1,
) -> Row:
    """Median time of both, called in turns after one warm-up call each.

    Args:
        unit: ``ms`` for a call, or ``items/s`` with `per` items in a call.
    """
    ours(), peer and peer()
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for values, call in zip(times, (ours, peer), strict=True):
            if call:
                start = time.perf_counter()
                call()
                seconds = time.perf_counter() - start
                values.append(1000 * seconds if unit == "ms" else per / seconds)
    return record(name, times[0], times[1], peer_name, unit)


def record(name: str, ours: list[float], peer: list[float], peer_name: str | None, unit: str) -> Row:
    """A row out of measured values; medians of both."""
    quartiles = statistics.quantiles(ours, n=4) if len(ours) > 1 else [ours[0]] * 3
    middle, other = statistics.median(ours), statistics.median(peer) if peer else None
    return Row(
        name, round(middle, 4), None if other is None else round(other, 4), peer_name, unit, round(quartiles[2] - quartiles[0], 4),
        None if not other else round(middle / other, 4), machine(), commit(),
    )  # fmt: skip


def p99(values: Sequence[float]) -> float:
    """99th percentile, never above the largest value."""
    return float(np.percentile(values, 99))


@functools.cache
def commit() -> str:
    """The commit at the start of the run: the run itself changes files that git tracks."""
    return git_commit()


def machine() -> str:
    """Processor, cores and memory; no name of the machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def write(name: str, rows: list[Row]) -> None:
    """Write docs/bench/<name>.json and print the rows."""
    write_file(OUT / f"{name}.json", json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    for row in rows:
        against = f", {row.peer_name} {row.peer} (ratio {row.ratio})" if row.peer_name else ""
        print(f"{row.name}: {row.ours} {row.unit} ± {row.spread}{against}", flush=True)
