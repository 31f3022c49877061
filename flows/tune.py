"""Search over the structure of the ranker: ``python -m flows.tune data/sample``; a second run goes on where the first ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact

from flows.extract import extract
from flows.runs import FLOW, HOUR, SAMPLE, Overrides, settings_of
from fuserank.pipeline.job import Job
from fuserank.pipeline.tune import tune as search
from fuserank.tuning import Trial


@flow(name="fuserank tune", timeout_seconds=24 * HOUR, **FLOW)
def tune(data: Path = SAMPLE, overrides: Overrides | None = None) -> dict[str, Any]:
    """Search until the budget of this run is spent.

    Args:
        data: the dataset folder.
        overrides: settings that win over environment and pyproject.toml, for example ``{"tuning": {"minutes": 60}}``.
    """
    log = get_run_logger()

    def tell(trial: Trial) -> None:
        log.info("trial %d %s: validation nDCG@10 %s, %s", trial.number, trial.state, trial.value, trial.params)

    job = Job(data, settings_of(overrides))
    tuned = search(job, extract(job, set()), on_trial=tell)
    said = f"```toml\n{tuned.lines}\n```" if tuned.lines else "Nothing beats the settings as they are with fresh seeds: keep them."
    create_markdown_artifact(key="tuning", markdown=f"{said}\n\n{len(tuned.trials)} trials; page: {job.reports / 'tuning.html'}")
    return {
        "trials": len(tuned.trials),
        "best": tuned.trial(tuned.best).params,
        "lines": tuned.lines,
        "importance": tuned.importance,
    }


if __name__ == "__main__":
    from flows.command import command

    command(tune)
