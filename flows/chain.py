"""The whole chain as one flow: validate → extract → train → evaluate → gate → package → monitor.

Run it with ``python -m flows.chain data/sample``, or from the Prefect UI.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows.evaluate import evaluate
from flows.extract import extract
from flows.gate import gate
from flows.monitor import monitor
from flows.package import package
from flows.train import train
from flows.validate import validate
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import plans, slates_of
from fuserank.settings import load_settings


@flow(name="fuserank chain", flow_run_name="{data}", persist_result=False, validate_parameters=True)
def chain(data: Path = Path("data/sample"), current: Path | None = None, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """Take a dataset folder to a served, watched model.

    Args:
        data: the dataset folder.
        current: another dataset folder, to be compared with the first for drift; none: training against test products.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    settings = load_settings(**(overrides or {}))
    job = Job(data, settings)
    report = validate(job)
    features = extract(job, set(report.quarantine))
    slates = slates_of(job, features)
    models = [train(job, features, plan, slates[0], slates[1]) for plan in plans(job, features)]
    evaluated = evaluate(job, features, models, slates)
    gated = gate(job, features, evaluated, slates[2])
    bento = package(job, features, gated.champion) if gated.champion else None
    verdict = monitor(job, features, Job(current, settings) if current else None)
    return {
        "dataset": job.name,
        "leaderboard": [
            {"ranker": r.ranker, "kind": r.kind, "nDCG@10": r.metrics["nDCG@10"]["mean"]} for r in evaluated.board.rows
        ],
        "challenger": gated.version,
        "champion": gated.champion,
        "promoted": gated.promoted,
        "bento": bento,
        "drift": verdict.drift if verdict else None,
        "reports": str(job.reports),
    }


if __name__ == "__main__":
    import sys

    chain(*map(Path, sys.argv[1:]))
