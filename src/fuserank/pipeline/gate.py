"""The gate: the challenger against the champion on the same judgments; promoted or refused, with reasons."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from fuserank.errors import ModelFolderError, StaleFeatureError
from fuserank.evaluation.entries import Entry, cost_ms, qrels_of, rank
from fuserank.evaluation.slices import slices
from fuserank.files import write_file
from fuserank.gate import Decision, Evidence, Without, decide
from fuserank.metrics.ranking import PRIMARY, measure
from fuserank.model_folder import check_encoders, load_model
from fuserank.model_registry import Registry
from fuserank.pipeline.evaluate import Evaluated, score_with
from fuserank.pipeline.job import Job
from fuserank.pipeline.registered import evidence_file, read_evidence, registry_of
from fuserank.pipeline.train import ALONE
from fuserank.sealed import verify
from fuserank.slates import Features, Slate


@dataclass(frozen=True)
class Gated:
    """The outcome: the challenger's version in the registry, whether it is champion now, and why."""

    version: str
    promoted: bool
    champion: str | None
    decision: Decision | None


def registry(job: Job) -> Registry:
    """The registry of this dataset's models."""
    return registry_of(job.settings.home, job.name)


def gate(job: Job, features: Features, evaluated: Evaluated, test: list[Slate], who: str | None = None) -> Gated:
    """Register the challenger and let it compete. A challenger that reigns already is left where it is.

    Args:
        who: decides beside the user of this process, such as the run of a flow; for the log.
    """
    models = registry(job)
    version, reigning = models.register(evaluated.challenger), models.champion()
    if version == reigning:
        return Gated(version, False, reigning, None)
    challenger = evidence(job, features, models, version, test, without(evaluated))
    write_file(_note(job, version), challenger.model_dump_json())
    champion, unmeasured = _reigning(job, features, models, reigning, test) if reigning else (None, "")
    decision = decide(challenger, champion, **job.settings.gate.model_dump())
    said = {"version": version, "against": reigning, "unmeasured": unmeasured} | decision.model_dump()
    # What was refused, was so for the checks that it failed; the others stand in the evidence.
    checks = [check for check in decision.reasons if decision.promote or not check.passed]
    reason = "; ".join([*([unmeasured] if unmeasured else []), *(f"{check.name}: {check.words}" for check in checks)])
    (models.promote if decision.promote else models.refuse)(version, reason, said, who)
    write_file(job.reports / "gate.json", json.dumps(said, indent=1))
    return Gated(version, decision.promote, models.champion(), decision)


def _reigning(job: Job, features: Features, models: Registry, version: str, test: list[Slate]) -> tuple[Evidence | None, str]:
    """The champion's evidence, or None and why there is none.

    A champion of other encoders, or of weights as an earlier fuserank wrote them, cannot be run any more; what it gave on the same
    data when it was the challenger holds. Without that the challenger has nobody to beat, rather than nobody ever a chance.

    Raises:
        ModelFolderError: the champion's folder was altered, or lacks a file.
    """
    note = _note(job, version)
    try:
        measured = evidence(job, features, models, version, test, None)
    except (StaleFeatureError, ModelFolderError) as error:
        verify(models.path(version), ())
        if note.exists():
            return read_evidence(note), ""
        return None, f"champion {version} was not compared: {error}"
    if not note.exists():  # on newer data than it was trained on: the two can be compared later
        write_file(note, measured.model_dump_json())
    return measured, ""


def _note(job: Job, version: str) -> Path:
    """Where a model's evidence on this data is kept."""
    return evidence_file(job.settings.home, job.name, version, job.dataset.version)


def without(evaluated: Evaluated) -> dict[str, Without]:
    """What the challenger gives without each family, beside the best model of one other family alone."""
    alone = {
        row.ranker.removesuffix(ALONE): row.metrics[PRIMARY]["mean"] for row in evaluated.board.rows if row.ranker.endswith(ALONE)
    }
    return {
        family: Without(ndcg=ndcg, rest=max((value for other, value in alone.items() if other != family), default=0.0))
        for family, ndcg in evaluated.missing.items()
    }


def evidence(
    job: Job, features: Features, models: Registry, version: str, test: list[Slate], missing: dict[str, Without] | None
) -> Evidence:
    """Measure a registered model on the test slates."""
    ranker, meta = load_model(models.path(version))
    check_encoders(meta, job.modalities)
    keep = meta.settings.get("keep", [m.name for m in job.modalities])
    entry = Entry(meta.name, "fusion", score_with(features, ranker, keep))
    per_query = measure(rank(entry, features, test)[0], qrels_of(features, test), job.dataset.manifest.relevant_grade)[PRIMARY]
    return Evidence(
        ranker=meta.name,
        per_query=per_query,
        latency_ms_per_1000=cost_ms(entry, features, test[0]),
        missing=missing,
        slices=slices([q for q in job.dataset.queries if q.query_id in per_query]),
    )
