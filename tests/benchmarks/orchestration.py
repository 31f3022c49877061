"""What Prefect costs a run: the chain as a flow beside the same steps called one after the other, with nothing left to compute."""

from __future__ import annotations

import time
from pathlib import Path

import flows  # noqa: F401  (sets Prefect's environment, and comes before it)
from fuserank.pipeline.evaluate import evaluate
from fuserank.pipeline.extract import extract
from fuserank.pipeline.gate import gate
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import has_two_sides, watch
from fuserank.pipeline.package import package, serve, served
from fuserank.pipeline.train import plans, slates_of, train_plan
from fuserank.pipeline.validate import inspect
from fuserank.settings import load_settings
from tests.benchmarks.records import Row, record

ROUNDS = 3


def measure(data: Path, folder: Path) -> list[Row]:
    """One row: seconds that orchestration adds, and the whole first run, in which everything is computed."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    from flows.chain import chain

    places = {"home": folder / "orchestrated", "reports": folder / "reports"}
    job = Job(data, load_settings(**places))
    overrides = {name: str(place) for name, place in places.items()}
    with prefect_test_harness(server_startup_timeout=120), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        first, added = _seconds(lambda: chain(data, overrides=overrides)), []
        for _ in range(ROUNDS):
            orchestrated = _seconds(lambda: chain(data, overrides=overrides))
            added.append(orchestrated - _seconds(lambda: _steps(Job(job.data, job.settings))))
    return [record("orchestration_share", added, [first], "the whole run", "s")]


def _steps(job: Job) -> None:
    """What the flow calls, without it."""
    report = inspect(job)
    report.raise_for_critical()
    features, _ = extract(job, masked=set(report.quarantine))
    slates = slates_of(job, features)
    board = evaluate(job, features, [train_plan(job, features, plan, *slates[:2]) for plan in plans(job, features)], slates)
    champion = gate(job, features, board, slates[2]).champion
    if champion:
        serve(job, package(job, features, champion), served(job.settings.home, job.name).read_text())
    if has_two_sides(job):
        watch(job, features, None)


def _seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
