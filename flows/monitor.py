"""Look for drift: of a batch against the reference, and of the traffic of a service: ``python -m flows.monitor data/sample``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from flows.runs import FLOW, HOUR, SAMPLE, Overrides, report_link, settings_of
from fuserank.errors import TooFewError
from fuserank.monitoring import Verdict
from fuserank.monitoring.history import Judged, recalled
from fuserank.pipeline.job import Job
from fuserank.pipeline.monitor import has_two_sides, watch, watch_log
from fuserank.pipeline.releasing import release_file
from fuserank.slates import Features

DRIFT, NO_DRIFT = "fuserank.drift", "fuserank.no-drift"  # names of the events that a verdict goes out as


@task(name="compare batches", cache_policy=NO_CACHE)
def compare_batches(job: Job, features: Features, current: Job | None) -> Verdict | None:
    """Judge drift of tables and embeddings; None when there is nothing to compare with."""
    if current is None and not has_two_sides(job):
        get_run_logger().info("no drift report: no current batch, and too few products are for training or test alone")
        return None
    verdict = watch(job, features, current)
    create_markdown_artifact(
        key="drift",
        markdown=f"**{'drift' if verdict.drift else 'no drift'}**: {verdict.reason}",
        description=f"{verdict.current} against {verdict.reference}",
    )
    page = job.reports / "drift" / "drift.html"
    create_link_artifact(key="drift-page", link=report_link(page, job.settings.reports), link_text=page.name)
    return verdict


@flow(name="fuserank monitor", timeout_seconds=2 * HOUR, **FLOW)
def monitor(data: Path = SAMPLE, since: datetime | None = None, overrides: Overrides | None = None) -> dict[str, Any]:
    """Compare the traffic of the served champion with what it was trained on; the verdict goes out as an event.

    Args:
        data: the dataset folder whose champion is served.
        since: judge traffic from this moment on; none: the last days, as the settings say.
        overrides: settings that win over environment and pyproject.toml, nested like `fuserank.settings.Settings`.
    """
    job = Job(data, settings_of(overrides))
    if not release_file(job.settings.home, job.name).is_file():
        get_run_logger().info("nothing of %s is released yet: run the chain", job.name)
        return {}
    try:
        judged = recalled(job.settings.home, job.name, watch_log(job, since=since).id)
    except TooFewError as error:
        get_run_logger().info("nothing can be said yet: %s", error)
        return {}
    _show(job, judged)
    emit_event(
        DRIFT if judged.drift else NO_DRIFT,
        resource={"prefect.resource.id": f"fuserank.dataset.{job.name}", "prefect.resource.name": job.name},
        payload={"data": str(data), **judged.model_dump(mode="json")},
    )
    return judged.model_dump(mode="json")


def _show(job: Job, judged: Judged) -> None:
    """The verdict and its pages among the artifacts."""
    reports = job.reports / "drift"
    create_markdown_artifact(
        key="traffic",
        markdown=f"**{'drift' if judged.drift else 'no drift'}**: {judged.reason}",
        description=f"{judged.answers} answers of {judged.package} until {judged.until:%Y-%m-%d %H:%M} UTC",
    )
    for key, file in (("traffic-page", reports / judged.page), ("traffic-history", reports / "history.html")):
        create_link_artifact(key=key, link=report_link(file, job.settings.reports), link_text=file.name)


if __name__ == "__main__":
    from flows.command import command

    command(monitor)
