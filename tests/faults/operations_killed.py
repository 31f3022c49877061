"""Prefect's worker or server killed in mid-run: the run ends as crashed or goes on, and running it again publishes once.

And two retrains started at once: the second waits for the first.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import psutil

from fuserank.model_registry import Registry
from fuserank.pipeline.registered import version_of
from fuserank.pipeline.releasing import packages
from fuserank.sealed import verify
from tests.e2e.operations import Operations, until
from tests.faults.row import Row, main
from tests.faults.stand import Stand

COUNT, SEED, SECONDS = 20, 0, 7200
ENDED = ("COMPLETED", "CRASHED", "FAILED", "CANCELLED")
QUICKER = {
    "FUSERANK_TRAINING__EPOCHS": "3",
    "FUSERANK_OPERATIONS__MONITOR_CRON": "0 0 1 1 *",  # not now
    "FUSERANK_FEATURES__MODALITIES": '["text", "words", "lexical"]',
    "FUSERANK_EVALUATION__FAMILIES": '{"text": ["text", "words", "lexical"]}',
    "FUSERANK_GATE__ALPHA": "0.999",
}


def state_of(up: Operations, run: str) -> str:
    """The kind of state a run is in; "" while the server does not answer."""
    try:
        return up.api.get(f"/flow_runs/{run}").json()["state_type"]
    except Exception:
        return ""


def begun(up: Operations, deployment: str, **parameters) -> str:
    """The id of a new run; the server may be about to start."""

    def ask() -> str:
        try:
            return up.start(deployment, **parameters)["id"]
        except Exception:
            return ""

    return until(ask)


def kill(up: Operations, name: str) -> None:
    """One of the parts with all that it started, as a machine without memory does it."""
    parts = json.loads((up.folder / "home" / "operations.json").read_text())["parts"]
    part = psutil.Process(next(part["pid"] for part in parts if part["name"] == name))
    for process in [*part.children(recursive=True), part]:
        process.send_signal(signal.SIGKILL)


def published_once(home: Path) -> str:
    """What is wrong, in words; "" when every version was promoted and packaged once, and the champion is whole."""
    models = Registry(home / "registry" / "sample")
    champion = models.champion()
    if champion is None:
        return "no champion"
    verify(models.path(champion), ())
    promoted = Counter(t.to for t in models.transitions() if t.kind == "promote")
    packaged = Counter(version_of(name) for name in packages(home))
    twice = [version for counted in (promoted, packaged) for version, times in counted.items() if times > 1]
    return f"published twice: {twice}" if twice else ""


def attempt(up: Operations, seed: int, victim: str, dice: random.Random) -> tuple[str, str]:
    """One kill: the state that the run ended in, and what was wrong."""
    run = begun(up, "chain", training={"seeds": [seed]})
    until(lambda: state_of(up, run) == "RUNNING")
    time.sleep(dice.uniform(0.0, 15.0))
    kill(up, victim)
    ended = until(lambda: (state := state_of(up, run)) in ENDED and state)
    again = begun(up, "chain", training={"seeds": [seed]})
    outcome = until(lambda: (state := state_of(up, again)) in ENDED and state)
    wrong = "" if ended in ("CRASHED", "COMPLETED") else f"ended as {ended}"
    wrong = wrong or ("" if outcome == "COMPLETED" else f"run again: {outcome}")
    return ended, wrong or published_once(up.folder / "home")


def one_waits(up: Operations) -> str:
    """What is wrong when two retrains are started at once; "" when the second begins after the first has ended."""
    runs = [begun(up, "retrain", overrides={"training": {"seeds": [1000 + n]}}) for n in range(2)]
    until(lambda: all(state_of(up, run) in ENDED for run in runs))
    found = [up.api.get(f"/flow_runs/{run}").json() for run in runs]
    first, second = sorted(found, key=lambda run: run["start_time"])
    if any(run["state_type"] != "COMPLETED" for run in found):
        return f"ended as {', '.join(run['state_type'] for run in found)}"
    times = (datetime.fromisoformat(first["end_time"]), datetime.fromisoformat(second["start_time"]))
    return (
        "" if times[0] <= times[1] else f"the second began {(times[0] - times[1]).total_seconds():.0f} s before the first had ended"
    )


def tries(folder: Path, count: int, seed: int) -> list[Row]:
    """The rows of `count` kills, the worker and the server in turns, and of two retrains."""
    dice, encoders = random.Random(seed), folder / "encoders"
    encoders.mkdir()
    up = Operations(folder, encoders, products=60, queries=24, **QUICKER)
    ended: dict[str, list[str]] = {"worker": [], "prefect server": []}
    wrong: list[str] = []
    with up.output, up.api, up.shop:
        try:
            until(lambda: "Ctrl-C" in up.said)
            first = begun(up, "chain")
            until(lambda: state_of(up, first) in ENDED)
            for number in range(count):
                victim = list(ended)[number % 2]
                state, said = attempt(up, number + 1, victim, dice)
                ended[victim].append(state.lower())
                wrong += [f"try {number} ({victim}): {said}"] if said else []
                print(number, victim, state, said, flush=True)
            together = one_waits(up)
        finally:
            up.stop()
    seen = "; ".join(f"{victim}: {dict(Counter(states))}" for victim, states in ended.items()) + "".join(
        f"; {said}" for said in wrong[:3]
    )
    return [
        Row(
            "operations_killed: worker or server, in the middle of a chain", count, len(wrong),
            "the run is crashed or goes on; run again it completes, and every model is published once", seen, not wrong,
        ),
        Row("operations_killed: two retrains at once", 1, int(bool(together)), "one waits", together or "one waited", not together),
    ]  # fmt: skip


def measure(_: Stand) -> list[Row]:
    """20 kills."""
    os.environ.pop("PREFECT_API_URL", None)
    with tempfile.TemporaryDirectory(prefix="fuserank-operations-") as name:
        return tries(Path(name), COUNT, SEED)


if __name__ == "__main__":
    main(measure, SECONDS)
