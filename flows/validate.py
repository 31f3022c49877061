"""Validate the dataset."""

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from fuserank.pipeline.job import Job
from fuserank.pipeline.validate import check
from fuserank.validation import ValidationReport


@task(name="validate", cache_policy=NO_CACHE)
def validate(job: Job) -> ValidationReport:
    """Check all tables and media; a broken critical rule stops the run, bad media is quarantined."""
    report = check(job)
    broken = [f"- {r.table}: {r.rule} ({r.failed} of {r.checked})" for r in report.results if not r.ok]
    create_markdown_artifact(
        key="validation",
        description=f"Validation of {job.name}",
        markdown="\n".join(
            [f"{len(report.results)} rules, {len(broken)} broken, {len(report.quarantine)} media quarantined", "", *broken]
        ),
    )
    return report
