"""Train the configured rankers."""

from base64 import b64encode
from collections.abc import Sequence

from prefect import get_run_logger, task
from prefect.artifacts import create_image_artifact
from prefect.cache_policies import NO_CACHE

from fuserank.evaluation.plots import learning_curves
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, TrainedModel, train_plan
from fuserank.slates import Features, Slate


@task(name="train", task_run_name="train {plan.name} seed {plan.seed}", cache_policy=NO_CACHE)
def train(job: Job, features: Features, plan: Plan, train_slates: Sequence[Slate], val_slates: Sequence[Slate]) -> TrainedModel:
    """Train one ranker, or take it from the models that exist."""
    model = train_plan(job, features, plan, train_slates, val_slates)
    get_run_logger().info("%s: validation nDCG@10 %.3f after %d epochs", plan.name, model.val_ndcg, len(model.curve))
    return model


def show_curves(job: Job, models: Sequence[TrainedModel]) -> None:
    """Learning curves of all models as a picture among the artifacts."""
    picture = learning_curves({f"{m.plan.name}, seed {m.plan.seed}": m.curve for m in models})
    on_white = picture.replace("<svg ", '<svg style="background:#fff" ', 1)  # the page may be dark, and the letters are
    create_image_artifact(
        key="learning-curves",
        image_url=f"data:image/svg+xml;base64,{b64encode(on_white.encode()).decode()}",
        description=f"{job.name}: validation nDCG@10 after each epoch",
    )
