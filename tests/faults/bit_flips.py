"""Packages with one bit flipped anywhere, or with a file of another package: none is opened."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuserank.errors import ModelFolderError
from fuserank.serving import open_package
from tests.faults.row import Row, main
from tests.faults.stand import Stand

COUNT, SEED, SECONDS = 100, 0, 170


def files_of(package: Path) -> list[Path]:
    """All files of a package, the seals included."""
    return sorted(path for path in package.rglob("*") if path.is_file())


@contextmanager
def holding(path: Path, data: bytes) -> Iterator[None]:
    """`path` with other content, for a while."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)


def is_refused(package: Path) -> bool:
    """Whether a package is not opened; any other error than the one for damage is no refusal but a failure."""
    try:
        open_package(package)
    except ModelFolderError:
        return True
    return False


def flipped(package: Path, count: int, seed: int) -> list[str]:
    """Files of a package, left as it was, whose flipped bit went unseen. They take turns, so that small ones have theirs."""
    dice, files = random.Random(seed), files_of(package)
    dice.shuffle(files)
    unseen = []
    for number in range(count):
        path = files[number % len(files)]
        data = bytearray(path.read_bytes())
        bit = dice.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        with holding(path, bytes(data)):
            if not is_refused(package):
                unseen.append(f"{path.relative_to(package)} bit {bit}")
    return unseen


def swapped(package: Path, other: Path) -> tuple[int, list[str]]:
    """How many files of another package differ, and which of them went unseen in this one."""
    names = [p.relative_to(package) for p in files_of(package)]
    differing = [name for name in names if (package / name).read_bytes() != (other / name).read_bytes()]
    unseen = []
    for name in differing:
        with holding(package / name, (other / name).read_bytes()):
            if not is_refused(package):
                unseen.append(str(name))
    return len(differing), unseen


def measure(stand: Stand) -> list[Row]:
    """100 flipped bits, and every file of the other package that differs."""
    with tempfile.TemporaryDirectory(prefix="fuserank-flips-") as folder:
        package = shutil.copytree(stand.packages / "a", Path(folder) / "a")
        open_package(package)
        unseen = flipped(package, COUNT, SEED)
        tried, taken = swapped(package, stand.packages / "b")
    files = len(files_of(stand.packages / "a"))
    return [_row("one bit", COUNT, files, unseen), _row("a file of another package", tried, files, taken)]


def _row(name: str, tried: int, files: int, unseen: list[str]) -> Row:
    seen = f"{tried - len(unseen)} refused, over {files} files" + (f"; unseen: {', '.join(unseen[:5])}" if unseen else "")
    return Row(f"bit_flips: {name}", tried, len(unseen), "all refused", seen, not unseen)


if __name__ == "__main__":
    main(measure, SECONDS)
