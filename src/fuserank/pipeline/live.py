"""A service as monitoring sees it: its champion, the dataset that this was trained on, its log and the changes of its catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Dataset
from fuserank.inference_log import log_folder
from fuserank.monitoring import Rows, Shown, Side, Verdict, judge
from fuserank.monitoring.comparing import FEWEST
from fuserank.monitoring.traffic import request_rows
from fuserank.pipeline.growing import grown_folder
from fuserank.pipeline.job import Job
from fuserank.pipeline.logged import Span, clicked
from fuserank.pipeline.releasing import release_file
from fuserank.pipeline.replay import replayed
from fuserank.pipeline.stock_changes import UNCOMPARED, new_products, packaged_products, rows_of
from fuserank.serving import Package, RankingService, catalogue_changes, load, open_package, read_release


@dataclass(frozen=True)
class Live:
    """What is served for a job's dataset, in a span of time.

    Attributes:
        job: over the dataset.
        package: of the champion.
        dataset: that the champion was trained on: the job's, or that which grew from it.
        span: of the champion's answers.
        note: what makes the comparison less than it should be, "" for nothing.
    """

    job: Job
    package: Package
    dataset: Dataset
    span: Span
    note: str

    @classmethod
    def of(cls, job: Job, since: datetime, until: datetime) -> Live:
        """What the release of the job's dataset says.

        Raises:
            InputError: nothing is released.
            ModelFolderError: the champion's package is damaged.
        """
        file = release_file(job.settings.home, job.name)
        package = open_package(file.parent / read_release(file).champion)
        dataset, note = _trained_on(job, package.meta.data.version)
        return cls(job, package, dataset, Span(log_folder(job.settings.home, job.name), package.version, since, until), note)

    @cached_property
    def service(self) -> RankingService:
        """The champion with the catalogue of its package, loaded as the service loads it."""
        settings = self.job.settings
        serving = settings.serving
        return load(
            self.package.folder,
            cache=settings.home / "encoders",
            media=settings.media,
            device=serving.device,
            rounded=serving.rounded,
        )

    def judge(self, verdict_id: str, *, html: Path, sample: int, **knobs: Any) -> Verdict:
        """Compare; arguments as of `fuserank.monitoring.judge`."""
        before, now, notes = dict[str, Rows](), dict[str, Rows](), dict[str, str]()
        feedback: tuple[Shown, Shown] | None = None
        if self.span.log.is_dir():
            feedback = clicked(self.span)
            rankings, broken = self.span.drawn(sample)
            if broken:
                notes["log"] = f"damaged segments are left out: {', '.join(broken)}"
            if len(rankings) >= FEWEST:
                before["requests"] = request_rows(self._replayed(sample), self._modalities)
                now["requests"] = request_rows(rankings, self._modalities)
            else:
                notes["requests"] = f"not compared: {len(rankings)} answers of the champion, {FEWEST} needed"
        else:
            notes["requests"] = "not compared: the service keeps no log (setting serving.log)"
        media: dict[str, bytes] = {}
        new = new_products(self.dataset, catalogue_changes(self.job.settings.home, self.job.name, media), sample=sample)
        if len(new) >= FEWEST:
            catalogue = self.package.stock.catalogue
            before["products"] = packaged_products(self.dataset, catalogue, sample=sample)
            now["products"] = rows_of(new, catalogue, self.service.modalities, media.__getitem__)
        else:
            notes["products"] = f"not compared: {len(new)} new products, {FEWEST} needed"
        if self.note:
            notes["reference"] = self.note
        reference = Side(f"{self.dataset.name}, which {self.package.version} was trained on", before)
        verdict = judge(
            reference, Side(_span_in_words(self.span), now, notes), feedback=feedback, html=html, sample=sample, **knobs
        )
        return replace(verdict, id=verdict_id)

    @property
    def _modalities(self) -> list[str]:
        names = [spec.name for spec in self.package.ranker.spec.modalities if spec.query_dim]
        return [name for name in names if name not in UNCOMPARED - {"history"}]

    def _replayed(self, sample: int) -> Any:
        settings = self.job.settings
        rounded = "-rounded" if settings.serving.rounded else ""
        name = f"{self.package.folder.name}-{self.dataset.version[:12]}{rounded}-{sample}.parquet"
        return replayed(self.dataset, lambda: self.service, settings.home / "monitoring" / self.job.name / name, sample=sample)


def _trained_on(job: Job, version: str) -> tuple[Dataset, str]:
    """The dataset of a version, and a note when it is gone and the job's stands for it."""
    grown = grown_folder(job.settings.home, job.name)
    for dataset in (job.dataset, *([Dataset.open(grown)] if (grown / "dataset.json").is_file() else [])):
        if dataset.version == version:
            return dataset, ""
    return job.dataset, "the data that the champion was trained on has changed since; it is compared with the data as it is now"


def _span_in_words(span: Span) -> str:
    since = f"{span.since:%Y-%m-%d %H:%M} to " if span.since else "up to "
    return f"traffic of {since}{span.until:%Y-%m-%d %H:%M} UTC"
