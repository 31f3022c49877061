"""Measure everything, in some ten minutes, and write docs/bench/serving.json.

    python -m tests.benchmarks.serving [FOLDER]

FOLDER keeps the packages for the next run.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.records import Row, write
from tests.benchmarks.serving import defaults, made_up
from tests.benchmarks.serving.shops import made_up_package, sample_package
from tests.benchmarks.shop import open_shop
from tests.faults.stand import Stand

PRODUCTS, FEW = 100_000, 5_000


def measure(folder: Path) -> list[Row]:
    """All rows; the machine's load average over the last minute stands with the machine, from before and after."""
    before = os.getloadavg()[0]
    job, features, _ = open_shop(folder, products=200, queries=60)
    home, packages = job.settings.home, folder / "packages"
    if not packages.exists():
        _package(job, features, folder / "work", packages)
    stand = Stand(packages, job.dataset)
    stand.promote("made-up")
    rows = made_up.measure(stand, PRODUCTS, FEW, home) + defaults.measure(stand, job, home)
    seen = f"{rows[0].machine}, load average {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    return [replace(row, machine=seen) for row in rows]


def _package(job, features, work: Path, packages: Path) -> None:
    """Packages beside each other, as a release names them: `a` (the sample store), `made-up` and `few`."""
    shutil.rmtree(work, ignore_errors=True)
    made = {"a": lambda folder: sample_package(job, features, folder)} | {
        name: lambda folder, count=count: made_up_package(features, count, folder, job.settings.home / "encoders")
        for name, count in (("made-up", PRODUCTS), ("few", FEW))
    }
    (work / "done").mkdir(parents=True)
    for name, make in made.items():
        (work / name).mkdir()
        make(work / name).rename(work / "done" / name)
    (work / "done").rename(packages)


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory(prefix="fuserank-bench-") as name:
        write("serving", measure(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)))


if __name__ == "__main__":
    main()
