"""What a model gives without each modality, and without each family of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with, without_families
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import TrainedModel
from fuserank.slates import Features, Slate


def ablation(job: Job, features: Features, model: TrainedModel, slates: Sequence[Slate]) -> list[dict[str, object]]:
    """Rows with mean nDCG@10 (linear gain) on slates that have a grade above 0: whole, then without each modality and family.

    Queries are always seen whole. What no product has, or what is all that the model sees, is left out.
    """
    score = score_with(features, load_model(model.folder)[0], model.plan.keep)
    whole = fmean(ndcg(score(slate), slate.grades) for slate in slates)
    rows: list[dict[str, object]] = [{"without": "", "kind": "whole", "nDCG@10": whole, "lost": 0.0}]
    groups = {"modality": {name: (name,) for name in model.plan.keep}, "family": job.settings.evaluation.families}
    for kind, members in groups.items():
        evaluation = job.settings.evaluation.model_copy(update={"families": members})
        asked = replace(job, settings=job.settings.model_copy(update={"evaluation": evaluation}))
        for name, value in without_families(asked, features, model, slates).items():
            rows.append({"without": name, "kind": kind, "nDCG@10": value, "lost": whole - value})
    return rows
