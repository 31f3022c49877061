"""Extract, train all configured rankers and evaluate them: the chain up to the leaderboard, without gate and package."""

from __future__ import annotations

from collections.abc import Callable

from fuserank.features.extraction import Progress
from fuserank.pipeline.evaluate import Evaluated, evaluate
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, TrainedModel, plans, slates_of, train_plan
from fuserank.training import Epoch


def compare_rankers(
    job: Job,
    *,
    extracting: Progress | None = None,
    on_epoch: Callable[[Plan, Epoch], None] | None = None,
    on_trained: Callable[[TrainedModel], None] | None = None,
) -> Evaluated:
    """The leaderboard of a job's rankers; what exists is reused.

    Args:
        extracting, on_epoch, on_trained: told of progress.
    """
    features, _ = extract(job, progress=extracting)
    slates = slates_of(job, features)
    models = []
    for plan in plans(job, features):
        models.append(train_plan(job, features, plan, slates[0], slates[1], on_epoch))
        if on_trained:
            on_trained(models[-1])
    return evaluate(job, features, models, slates)
