"""A disk that is full, or fails, at any fsync, rename or new folder of the chain: a clean error, a whole champion, then it goes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from fuserank.errors import FuserankError
from tests.faults.row import Row, main
from tests.faults.small_chain import Shop, all_weights, goes_on
from tests.faults.stand import Stand

COUNT, SECONDS = 200, 2400
CALLS = ("fsync", "replace", "mkdir")  # of `os`; what is written has to pass through the first two


class Broken:
    """A call of `os` that fails at its n-th time (from 0), and only then."""

    def __init__(self, real: Callable[..., Any], at: int | None, error: int) -> None:
        self.real, self.at, self.error, self.count = real, at, error, 0

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """The real call, or the error."""
        self.count += 1
        if self.count - 1 == self.at:
            raise OSError(self.error, os.strerror(self.error))
        return self.real(*args, **keywords)


@contextmanager
def broken(name: str, at: int | None, error: int = errno.ENOSPC) -> Iterator[Broken]:
    """`os.<name>` fails at its n-th call; None: never, it is only counted."""
    call = Broken(getattr(os, name), at, error)
    with mock.patch.object(os, name, call):
        yield call


def points(shop: Shop, first: Path, folder: Path) -> list[tuple[str, int]]:
    """(call, number) of every call in a chain that goes on from `first`."""
    found = []
    for name in CALLS:
        home = shutil.copytree(first, folder / f"count-{name}", symlinks=True)
        shutil.rmtree(home / "features")
        with broken(name, None) as call:
            shop.run(home, 1)
        found += [(name, number) for number in range(call.count)]
        shutil.rmtree(home)
    return found


def tries(folder: Path, count: int) -> tuple[list[str], int, int]:
    """What went wrong, how many tries there were, and how many of them met the error."""
    shop, first, wrong, met = Shop(folder), folder / "first", [], 0
    shop.run(first, 0)
    all_points = points(shop, first, folder)
    chosen = [all_points[n * len(all_points) // count] for n in range(count)]
    whole = shutil.copytree(first, folder / "whole", symlinks=True)
    shop.run(whole, 1)
    expected = all_weights(shop.registry(whole))
    for number, (name, at) in enumerate(chosen):
        home = shutil.copytree(first, folder / f"try{number}", symlinks=True)
        shutil.rmtree(home / "features")
        try:
            with broken(name, at, (errno.ENOSPC, errno.EIO)[number % 2]):
                shop.run(home, 1)
        except (OSError, FuserankError):  # as the system says it, or in our own words
            met += 1
        except Exception as error:
            wrong.append(f"{name} {at}: {type(error).__name__}: {error}"[:200])

        def again(home: Path = home) -> str:
            shop.run(home, 1)
            return ""

        if said := goes_on(shop, home, expected, again):
            wrong.append(f"{name} {at}: {said}")
        shutil.rmtree(home)
    return wrong, len(chosen), met


def measure(_: Stand) -> list[Row]:
    """200 errors, spread evenly over all calls of a chain."""
    with tempfile.TemporaryDirectory(prefix="fuserank-disk-") as name:
        wrong, tried, met = tries(Path(name), COUNT)
    seen = f"{met} ended with the error, {tried - met} did without what failed" + "".join(f"; {said}" for said in wrong[:3])
    return [Row("disk: full or failing", tried, len(wrong), "a clean error, champion whole, going on works", seen, not wrong)]


if __name__ == "__main__":
    main(measure, SECONDS)
