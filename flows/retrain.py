"""Retraining, by the clock, after drift, or by hand: ``python -m flows.retrain data/sample``.

The dataset first grows by what the service has learned; then the chain runs, and the challenger meets the champion at the gate.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run

from flows.chain import run_chain
from flows.runs import FLOW, HOUR, SAMPLE, UNCHANGED, Overrides, TrainingChanges, settings_of
from fuserank.pipeline.growing import grown
from fuserank.pipeline.job import Job
from fuserank.pipeline.retraining import begin, conclude, give_up


@flow(name="fuserank retrain", timeout_seconds=24 * HOUR, **FLOW)
def retrain(
    data: Path = SAMPLE,
    reason: str = "",
    verdict: str = "",
    training: TrainingChanges = UNCHANGED,
    overrides: Overrides | None = None,
) -> dict[str, Any]:
    """Grow the dataset by clicks and changes of the catalogue, then run the chain: promoted or refused, with the reason.

    Args:
        data: the dataset folder.
        reason: why, for people.
        verdict: id of the verdict of monitoring that this answers; each is answered once, and none soon after another.
        training: what is trained otherwise than the settings say.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    job = Job(data, settings_of(overrides, training))
    home, name, knobs = job.settings.home, job.name, job.settings.retraining
    cooldown = timedelta(hours=knobs.cooldown_hours)
    if verdict and (why_not := begin(home, name, verdict, reason, str(flow_run.id), cooldown)):
        get_run_logger().info("nothing to do: %s", why_not)
        return {"dataset": name, "promoted": False, "skipped": why_not}
    try:
        found = run_chain(grown(job) if knobs.feedback else job)
    except BaseException:
        if verdict:
            give_up(home, name, verdict)
        raise
    outcome = f"{found['challenger']} {'promoted' if found['promoted'] else 'not promoted'}; champion {found['champion']}"
    if verdict:
        conclude(home, name, verdict, outcome)
    create_markdown_artifact(key="retrain", markdown=f"{reason or 'by the clock or by hand'}: {outcome}", description=name)
    return found


if __name__ == "__main__":
    from flows.command import command

    command(retrain)
