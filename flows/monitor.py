"""Compare the current batch with the reference."""

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from fuserank.monitoring import Verdict
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import has_two_sides, watch
from fuserank.slates import Features


@task(name="monitor", cache_policy=NO_CACHE)
def monitor(job: Job, features: Features, current: Job | None) -> Verdict | None:
    """Judge drift of tables and embeddings; None when there is nothing to compare with."""
    if current is None and not has_two_sides(job):
        get_run_logger().info("no drift report: no current batch, and too few products are for training or test alone")
        return None
    verdict = watch(job, features, current)
    create_markdown_artifact(key="drift", markdown=f"**{'drift' if verdict.drift else 'no drift'}**: {verdict.reason}")
    return verdict
