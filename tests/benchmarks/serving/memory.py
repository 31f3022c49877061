"""What a product costs: bytes of the package that serving maps, and what the workers hold of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.records import Row, record
from tests.faults.served import Served

MAPPED = ("catalogue", "stored", "pictures")


@dataclass(frozen=True)
class Held:
    """Megabytes (10^6 bytes) of two workers together.

    Attributes:
        resident: pages of both added up, shared ones twice.
        proportional: a shared page counts once.
    """

    resident: float
    proportional: float


def held(served: Served) -> Held:
    """By what proc(5) says in smaps_rollup."""
    every = [psutil.Process(pid).memory_full_info() for pid in served.workers()]
    return Held(sum(one.rss for one in every) / 1e6, sum(one.pss for one in every) / 1e6)


def rows(package: Path, count: int, large: Held, small: Held, few: int) -> list[Row]:
    """Of a package with `count` products and, for what a product adds, a like one with `few`."""
    files = [path for part in MAPPED for path in (package / part).rglob("*.npy")]
    mapped = sum(path.stat().st_size for path in files) / count
    grown = [1e6 * (getattr(large, of) - getattr(small, of)) / (count - few) for of in ("proportional", "resident")]
    twice = "resident, shared pages twice"
    return [
        record("memory_per_million_products_mb", [mapped], [], None, "MB"),
        record("memory_per_million_products_mb, two workers", grown[:1], grown[1:], twice, "MB"),
        record(f"memory_of_{count}_products_mb, two workers", [large.proportional], [large.resident], twice, "MB"),
    ]
