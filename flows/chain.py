"""The whole chain as one flow: validate → extract → train → evaluate → gate → package → monitor.

Run it with ``python -m flows.chain data/sample``, or from the Prefect UI.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows.gate import gate
from flows.monitor import compare_batches
from flows.package import package
from flows.runs import FLOW, HOUR, SAMPLE, UNCHANGED, Overrides, TrainingChanges, settings_of
from flows.stages import evaluated
from fuserank.pipeline.job import Job


@flow(name="fuserank chain", timeout_seconds=24 * HOUR, **FLOW)
def chain(
    data: Path = SAMPLE,
    current: Path | None = None,
    training: TrainingChanges = UNCHANGED,
    overrides: Overrides | None = None,
) -> dict[str, Any]:
    """Take a dataset folder to a served, watched model.

    Args:
        data: the dataset folder.
        current: another dataset folder, to be compared with the first for drift; none: training against test products.
        training: what is trained otherwise than the settings say.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    settings = settings_of(overrides, training)
    return run_chain(Job(data, settings), Job(current, settings) if current else None)


def run_chain(job: Job, current: Job | None = None) -> dict[str, Any]:
    """The chain over a job, and what came of it."""
    found, board = evaluated(job)
    gated = gate(job, found.features, board, found.slates[2])
    bento = package(job, found.features, gated.champion) if gated.champion else None
    verdict = compare_batches(job, found.features, current)
    return {
        "dataset": job.name,
        "leaderboard": [{"ranker": r.ranker, "kind": r.kind, "nDCG@10": r.metrics["nDCG@10"]["mean"]} for r in board.board.rows],
        "challenger": gated.version,
        "champion": gated.champion,
        "promoted": gated.promoted,
        "bento": bento,
        "drift": verdict.drift if verdict else None,
        "reports": str(job.reports),
    }


if __name__ == "__main__":
    from flows.command import command

    command(chain, folders=2)
