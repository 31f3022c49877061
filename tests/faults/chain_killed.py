"""The chain killed at any moment of extracting, training and publishing: the champion stays whole, and going on ends the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import torch

from tests.faults.row import Row, main
from tests.faults.small_chain import Shop, all_weights, goes_on
from tests.faults.stand import Stand

COUNT, SEED, SECONDS = 50, 0, 1500


def forked(shop: Shop, home: Path, seed: int) -> int:
    """A process that runs the chain; its imports are done, so that moments are of work alone."""
    pid = os.fork()
    if pid == 0:
        try:
            shop.run(home, seed)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return pid


def ended(pid: int) -> int:
    """Its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def tries(folder: Path, count: int, seed: int) -> tuple[list[str], int]:
    """What went wrong, and how many of the processes were killed before they were done."""
    torch.set_num_threads(1)
    shop, dice, wrong, killed = Shop(folder), random.Random(seed), [], 0
    first = folder / "first"
    assert ended(forked(shop, first, 0)) == 0  # a champion, and all encoders exported
    whole = shutil.copytree(first, folder / "whole", symlinks=True)
    start = time.monotonic()
    assert ended(forked(shop, whole, 1)) == 0
    took = time.monotonic() - start
    expected = all_weights(shop.registry(whole))
    for number in range(count):
        # Every other time nothing is extracted yet, so that this is interrupted too.
        home = shutil.copytree(first, folder / f"try{number}", symlinks=True)
        if number % 2:
            shutil.rmtree(home / "features")
        pid = forked(shop, home, 1)
        time.sleep(dice.uniform(0.0, took))
        os.kill(pid, signal.SIGKILL)
        killed += ended(pid) == -signal.SIGKILL

        def again(home: Path = home) -> str:
            code = ended(forked(shop, home, 1))
            return f"going on ended with {code}" if code else ""

        if said := goes_on(shop, home, expected, again):
            wrong.append(f"try {number}: {said}")
        shutil.rmtree(home)
    return wrong, killed


def measure(_: Stand) -> list[Row]:
    """50 kills."""
    with tempfile.TemporaryDirectory(prefix="fuserank-killed-") as name:
        wrong, killed = tries(Path(name), COUNT, SEED)
    seen = f"{killed} killed at work; {COUNT - len(wrong)} went on to the same bytes" + "".join(f"; {said}" for said in wrong[:3])
    limit = "champion whole, going on gives the same weights, bit by bit"
    return [Row("chain_killed: extract, train, publish", COUNT, len(wrong), limit, seen, not wrong and killed >= COUNT // 2)]


if __name__ == "__main__":
    main(measure, SECONDS)
