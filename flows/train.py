"""Train the configured rankers."""

from collections.abc import Sequence

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, TrainedModel, train_plan
from fuserank.slates import Features, Slate


@task(name="train", task_run_name="train {plan.name} seed {plan.seed}", cache_policy=NO_CACHE)
def train(job: Job, features: Features, plan: Plan, train_slates: Sequence[Slate], val_slates: Sequence[Slate]) -> TrainedModel:
    """Train one ranker, or take it from the models that exist."""
    model = train_plan(job, features, plan, train_slates, val_slates)
    get_run_logger().info("%s: validation nDCG@10 %.3f after %d epochs", plan.name, model.val_ndcg, len(model.curve))
    return model
