"""Compare the current batch with the reference."""

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from fuserank.monitoring import Verdict
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import watch
from fuserank.slates import Features


@task(name="monitor", cache_policy=NO_CACHE)
def monitor(job: Job, features: Features, current: Job | None) -> Verdict:
    """Judge drift of tables and embeddings."""
    verdict = watch(job, features, current)
    create_markdown_artifact(key="drift", markdown=f"**{'drift' if verdict.drift else 'no drift'}**: {verdict.reason}")
    return verdict
