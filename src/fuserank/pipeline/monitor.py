"""Monitoring: a batch, or what a service answers and sells, against what the champion was trained on."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fuserank.data.dataset import Dataset
from fuserank.errors import InputError
from fuserank.features.catalogue import Catalogue
from fuserank.monitoring import Side, Verdict, monitor
from fuserank.monitoring.comparing import FEWEST
from fuserank.monitoring.drift import EVIDENTLY
from fuserank.monitoring.history import Judged, last_verdict, remember, write_history
from fuserank.monitoring.verdict import PAGE
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.live import Live
from fuserank.pipeline.stock_changes import UNCOMPARED
from fuserank.slates import Features

__all__ = ["has_two_sides", "last_verdict", "watch", "watch_log"]

VERDICTS = "verdicts"


def watch(job: Job, features: Features, current: Job | None = None) -> Verdict:
    """Compare a batch and write drift.json, drift.html and evidently.html.

    Args:
        features: of the job's own dataset, the reference.
        current: the batch to be judged; None: the reference's training products against its test products.
    """
    data, split = job.dataset, np.array([p.split for p in job.dataset.products], dtype=object)
    if current is None:
        reference = _side("training products", data, features.catalogue, split == "train", queries="train")
        now = _side("test products", data, features.catalogue, split == "test", queries="test")
    else:
        catalogue = extract(current)[0].catalogue
        reference = _side(job.name, data, features.catalogue, np.ones(len(split), bool))
        now = _side(current.data.name, current.dataset, catalogue, np.ones(len(catalogue), bool))
    return monitor(reference, now, out=job.reports / "drift", **_knobs(job))


def watch_log(job: Job, *, since: datetime | None = None, until: datetime | None = None) -> Verdict:
    """Compare what the service was asked, answered, got into its catalogue and heard back with what its champion was trained on.

    The verdict goes into the history (`fuserank.monitoring.history`), its report into ``drift/verdicts/<id>`` among the reports,
    and ``drift/history.html`` lists all.

    Args:
        job: over the dataset whose release is served.
        since, until: of the answers, aware of their time zone; None: the last `monitoring.days`, and now.

    Raises:
        InputError: nothing is released, or a time has no zone.
        TooFewError: nothing of what came in is enough to be compared.
        ModelFolderError: the champion's package is damaged.
    """
    made = datetime.now(UTC)
    until = until or made
    since = since or until - timedelta(days=job.settings.monitoring.days)
    _refuse_span(since, until)
    live, out = Live.of(job, since, until), job.reports / "drift"
    verdict_id = f"{made:%Y%m%dT%H%M%S%f}Z"
    verdict = live.judge(verdict_id, html=out / VERDICTS / EVIDENTLY, **_knobs(job))
    folder = out / VERDICTS / verdict_id
    verdict.write(folder, links=[("all verdicts", "../../history.html"), ("Evidently's page on the latest", f"../{EVIDENTLY}")])
    sizes = verdict.sizes["current"]
    judged = Judged(
        verdict=verdict_id,
        time=made,
        since=since,
        until=until,
        package=live.package.folder.name,
        answers=sizes.get("requests", 0),
        products=sizes.get("products", 0),
        drift=verdict.drift,
        reason=verdict.reason,
        quality=verdict.quality.current if verdict.quality else None,
        page=f"{VERDICTS}/{verdict_id}/{PAGE}",
    )
    known = remember(job.settings.home, job.name, judged)
    _prune(out / VERDICTS, job.settings.monitoring.keep)
    write_history(out, job.name, known)
    return verdict


def has_two_sides(job: Job) -> bool:
    """Whether the dataset has enough training and enough test products to be compared with each other."""
    splits = [p.split for p in job.dataset.products]
    return min(splits.count("train"), splits.count("test")) >= FEWEST


def _side(name: str, data: Dataset, catalogue: Catalogue, chosen: np.ndarray, queries: str | None = None) -> Side:
    """The chosen products, and the queries of one split (None: all)."""
    asked = data.table("queries")
    if queries:
        asked = asked.filter(pa.compute.equal(asked["split"], queries))
    vectors = {m: v[chosen] for m, v in catalogue.vectors.items() if m not in UNCOMPARED}
    return Side.of(
        name, data.table("products").filter(pa.array(chosen)), asked, vectors, {m: catalogue.has(m)[chosen] for m in vectors}
    )


def _knobs(job: Job) -> dict[str, Any]:
    return job.settings.monitoring.model_dump(include={"column_share", "alpha", "sample", "position_bias"})


def _refuse_span(since: datetime, until: datetime) -> None:
    for time in (since, until):
        if time.tzinfo is None:
            raise InputError(f"{time} has no time zone", todo="give it one, e.g. datetime.UTC")
    if since >= until:
        raise InputError(f"since {since} until {until}", allowed="a time and a later one", todo="correct them")


def _prune(folder: Path, keep: int) -> None:
    """Remove all but the newest reports: their names are times."""
    for old in sorted(path for path in folder.iterdir() if path.is_dir())[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
