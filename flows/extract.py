"""Extract the features of every modality."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.runs import RETRYING
from fuserank.pipeline import extract as step
from fuserank.pipeline.job import Job
from fuserank.slates import Features


@task(name="extract", cache_policy=NO_CACHE, **RETRYING)
def extract(job: Job, masked: set[str]) -> Features:
    """Encode what the feature store lacks; media in quarantine are masked."""
    features, reports = step.extract(job, masked=masked, progress=None)
    for report in reports:
        get_run_logger().info(
            "%s: %d encoded, %d reused, %d quarantined", report.encoder.key, report.encoded, report.reused, len(report.quarantined)
        )
    return features
