"""Validation of the job's dataset; the reports go to the dataset's report folder."""

from __future__ import annotations

from pathlib import Path

from fuserank.data.dataset import Progress
from fuserank.pipeline.job import Job
from fuserank.validation import ValidationReport, validate

CONTEXT = Path("great_expectations")


def inspect(job: Job, *, progress: Progress | None = None) -> ValidationReport:
    """Validate and write validation.json, validation.html and quarantine.parquet, whatever comes of it."""
    return validate(job.dataset, context_root=CONTEXT, media=job.settings.media, out=job.reports / "validation", progress=progress)


def check(job: Job, *, progress: Progress | None = None) -> ValidationReport:
    """`inspect`, and stop there when the dataset is not fit.

    Raises:
        ValidationError: a critical rule is broken; the reports are written all the same.
    """
    report = inspect(job, progress=progress)
    report.raise_for_critical()
    return report
