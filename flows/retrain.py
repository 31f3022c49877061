"""Retrain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows.chain import run_chain
from flows.runs import FLOW, HOUR, SAMPLE, UNCHANGED, Overrides, TrainingChanges, settings_of
from fuserank.pipeline.job import Job


@flow(name="fuserank retrain", timeout_seconds=24 * HOUR, **FLOW)
def retrain(
    data: Path = SAMPLE,
    reason: str = "by hand",
    verdict: str = "",
    training: TrainingChanges = UNCHANGED,
    overrides: Overrides | None = None,
) -> dict[str, Any]:
    return run_chain(Job(data, settings_of(overrides, training)))
