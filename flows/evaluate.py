"""Evaluate all rankers on the test queries."""

from collections.abc import Sequence

from prefect import task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.runs import report_link
from fuserank.pipeline import evaluate as step
from fuserank.pipeline.evaluate import Evaluated
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import TrainedModel
from fuserank.slates import Features, Slate


@task(name="evaluate", cache_policy=NO_CACHE)
def evaluate(job: Job, features: Features, models: Sequence[TrainedModel], slates: tuple[list[Slate], ...]) -> Evaluated:
    """Measure rankers and baselines; the leaderboard becomes a table artifact and a page."""
    result = step.evaluate(job, features, models, slates)
    table = [
        {"ranker": r.ranker, "kind": r.kind, **{m: round(v["mean"], 4) for m, v in r.metrics.items()}} for r in result.board.rows
    ]
    create_table_artifact(key="leaderboard", table=table, description=f"{job.name}: {result.board.queries} test queries")
    page = job.reports / "leaderboard.html"
    create_link_artifact(key="leaderboard-page", link=report_link(page, job.settings.reports), link_text=page.name)
    return result
