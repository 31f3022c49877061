"""Versions of data/ with 100,000 pictures: record, send and fetch, beside hashing the bytes once, which none of them can skip."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.data_versions import add, pull, push
from fuserank.data_versions.objects import md5_file
from fuserank.types import Product
from tests.benchmarks.records import Row, record

ITEMS, BYTES, ROUNDS = 100_000, 8_000, 3


def measure(folder: Path, items: int = ITEMS) -> list[Row]:
    """Each command beside the floor, in turns; then one changed picture beside all of them."""
    root, remote = folder / "versions", folder / "remote"
    root.mkdir()
    dvc = str(Path(sys.executable).parent / "dvc")
    for command in (
        ["git", "init", "-q", "."],
        [dvc, "init", "-q"],
        [dvc, "remote", "add", "-q", "--default", "store", str(remote)],
    ):
        subprocess.run(command, cwd=root, check=True)
    _shop(root, items, changed=0)
    took: dict[str, list[float]] = {"add": [], "push": [], "pull": [], "floor": []}
    for _ in range(ROUNDS):
        _forget(root, remote, "cache", "remote")
        took["add"].append(_ms(lambda: add(root)))
        took["push"].append(_ms(lambda: push(root)))
        _forget(root, remote, "cache", "data")
        took["pull"].append(_ms(lambda: pull(root)))
        took["floor"].append(_ms(lambda: [md5_file(path) for path in (root / "data").rglob("*") if path.is_file()]))
    rows = [
        record(f"{name}_100k_media_vs_hash", took[name], took["floor"], "hashing the bytes once", "ms")
        for name in ("add", "push", "pull")
    ]
    _shop(root, items, changed=1)
    add(root)
    before = _size(remote)
    push(root)
    rows.append(record("one_changed_item_bytes", [_size(remote) - before], [before], "bytes of all", "bytes"))
    shutil.rmtree(root)
    shutil.rmtree(remote)
    return rows


def _shop(root: Path, items: int, changed: int) -> None:
    media = (np.random.default_rng((number, number < changed)).bytes(BYTES) for number in range(items))
    write_dataset(root / "data" / "shop", Manifest(name="shop"), products=[Product("p", "mug")], media=media)


def _forget(root: Path, remote: Path, *what: str) -> None:
    for name in what:
        shutil.rmtree({"cache": root / ".dvc" / "cache", "data": root / "data", "remote": remote}[name], ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)
