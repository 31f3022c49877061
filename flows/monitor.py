"""Look for drift: of a batch against the reference, and of live traffic against what the champion was trained on."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows.runs import FLOW, HOUR, SAMPLE, Overrides, report_link, settings_of
from flows.stages import extracted
from fuserank.monitoring import Verdict
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import has_two_sides, watch
from fuserank.slates import Features


@task(name="compare batches", cache_policy=NO_CACHE)
def compare_batches(job: Job, features: Features, current: Job | None) -> Verdict | None:
    """Judge drift of tables and embeddings; None when there is nothing to compare with."""
    if current is None and not has_two_sides(job):
        get_run_logger().info("no drift report: no current batch, and too few products are for training or test alone")
        return None
    verdict = watch(job, features, current)
    show_verdict(job, verdict)
    return verdict


def show_verdict(job: Job, verdict: Verdict) -> None:
    """The verdict and its page among the artifacts."""
    create_markdown_artifact(
        key="drift",
        markdown=f"**{'drift' if verdict.drift else 'no drift'}**: {verdict.reason}",
        description=f"{verdict.current} against {verdict.reference}",
    )
    page = job.reports / "drift" / "drift.html"
    create_link_artifact(key="drift-page", link=report_link(page, job.settings.reports), link_text=page.name)


@flow(name="fuserank monitor", timeout_seconds=2 * HOUR, **FLOW)
def monitor(data: Path = SAMPLE, current: Path | None = None, overrides: Overrides | None = None) -> bool | None:
    """Judge drift."""
    job = Job(data, settings_of(overrides))
    verdict = compare_batches(job, extracted(job), Job(current, job.settings) if current else None)
    return verdict.drift if verdict else None
