"""Validate the dataset."""

from prefect import task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.runs import report_link
from fuserank.pipeline.job import Job
from fuserank.pipeline.validate import inspect
from fuserank.validation import RuleResult, ValidationReport


@task(name="validate", cache_policy=NO_CACHE)
def validate(job: Job) -> ValidationReport:
    """Check all tables and media and show what was found; a broken critical rule stops the run, bad media is quarantined."""
    report = inspect(job)
    said = f"{len(report.results)} rules, {len(report.quarantine)} media quarantined"
    create_table_artifact(key="validation", table=[_row(result) for result in report.results], description=f"{job.name}: {said}")
    page = job.reports / "validation" / "validation.html"
    create_link_artifact(key="validation-page", link=report_link(page, job.settings.reports), link_text=page.name)
    report.raise_for_critical()
    return report


def _row(result: RuleResult) -> dict[str, str | int]:
    return {"table": result.table, "rule": result.rule, "checked": result.checked, "failed": result.failed, "ok": result.ok}
