"""Each step as a flow of its own, to be started from the Prefect page. A step does what it needs before it, or finds it done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows import package as packaging
from flows import validate as validating
from flows.runs import FLOW, HOUR, SAMPLE, UNCHANGED, Overrides, TrainingChanges, settings_of
from flows.stages import evaluated, extracted, trained
from fuserank.errors import InputError
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job


@flow(name="fuserank validate", timeout_seconds=HOUR, **FLOW)
def validate(data: Path = SAMPLE, overrides: Overrides | None = None) -> dict[str, Any]:
    """Check tables and media of a dataset; a broken critical rule fails the run, bad media is quarantined.

    Args:
        data: the dataset folder.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    report = validating.validate(Job(data, settings_of(overrides)))
    return {"rules": len(report.results), "broken": sum(not r.ok for r in report.results), "quarantined": len(report.quarantine)}


@flow(name="fuserank extract", timeout_seconds=12 * HOUR, **FLOW)
def extract(data: Path = SAMPLE, overrides: Overrides | None = None) -> dict[str, Any]:
    """Extract the features of every modality; only what is new is encoded.

    Args:
        data: the dataset folder.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    catalogue = extracted(Job(data, settings_of(overrides))).catalogue
    return {"products": len(catalogue), **{name: int(catalogue.has(name).sum()) for name in catalogue.modalities}}


@flow(name="fuserank train", timeout_seconds=12 * HOUR, **FLOW)
def train(data: Path = SAMPLE, training: TrainingChanges = UNCHANGED, overrides: Overrides | None = None) -> dict[str, float]:
    """Train every ranker of the settings, and each family of modalities alone.

    Args:
        data: the dataset folder.
        training: what is trained otherwise than the settings say.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    models = trained(Job(data, settings_of(overrides, training))).models
    return {f"{model.plan.name} seed {model.plan.seed}": model.val_ndcg for model in models}


@flow(name="fuserank evaluate", timeout_seconds=12 * HOUR, **FLOW)
def evaluate(data: Path = SAMPLE, training: TrainingChanges = UNCHANGED, overrides: Overrides | None = None) -> dict[str, float]:
    """Measure every trained ranker and baseline on the test queries; gives nDCG@10 of each.

    Args:
        data: the dataset folder.
        training: what is trained otherwise than the settings say.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    _, found = evaluated(Job(data, settings_of(overrides, training)))
    return {row.ranker: row.metrics["nDCG@10"]["mean"] for row in found.board.rows}


@flow(name="fuserank package", timeout_seconds=2 * HOUR, **FLOW)
def package(data: Path = SAMPLE, version: str | None = None, overrides: Overrides | None = None) -> str:
    """Package a registered model as a Bento and release it; gives the Bento's tag.

    Args:
        data: the dataset folder.
        version: of the model in the registry; empty: the champion.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    job = Job(data, settings_of(overrides))
    chosen = version or registry(job).champion()
    if chosen is None:
        raise InputError(f"no champion of {job.name}", allowed="a model that passed the gate", todo="run the chain first")
    return packaging.package(job, extracted(job), chosen)
