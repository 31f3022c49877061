"""Monitoring: a current batch against the reference that the champion was trained on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fuserank.data.dataset import Dataset
from fuserank.features.catalogue import Catalogue
from fuserank.monitoring import Side, Verdict, monitor
from fuserank.monitoring.drift import FEWEST
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.slates import Features


def watch(job: Job, features: Features, current: Job | None = None) -> Verdict:
    """Compare and write drift.json, drift.html and evidently.html.

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
    return monitor(
        reference, now, out=job.reports / "drift", **job.settings.monitoring.model_dump(include={"column_share", "alpha", "sample"})
    )


def has_two_sides(job: Job) -> bool:
    """Whether the dataset has enough training and enough test products to be compared with each other."""
    splits = [p.split for p in job.dataset.products]
    return min(splits.count("train"), splits.count("test")) >= FEWEST


def _side(name: str, data: Dataset, catalogue: Catalogue, chosen: np.ndarray, queries: str | None = None) -> Side:
    """The chosen products, and the queries of one split (None: all)."""
    asked = data.table("queries")
    if queries:
        asked = asked.filter(pa.compute.equal(asked["split"], queries))
    # Both repeat what `text` shows: its vectors of the past, and its tokens.
    vectors = {m: v[chosen] for m, v in catalogue.vectors.items() if m not in {"history", "text_tokens"}}
    return Side.of(
        name, data.table("products").filter(pa.array(chosen)), asked, vectors, {m: catalogue.has(m)[chosen] for m in vectors}
    )
