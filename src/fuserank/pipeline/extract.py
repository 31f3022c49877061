"""Extraction: every product and query of the dataset as features; only what the store lacks is encoded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from fuserank.engines import LOCAL
from fuserank.features.catalogue import build_catalogue
from fuserank.features.encoding import ByEngine
from fuserank.features.extraction import Encode, ExtractionReport, Progress, ReadBytes, encode
from fuserank.features.histories import histories
from fuserank.features.queries import build_query_features
from fuserank.pipeline.job import Job
from fuserank.slates import Features
from fuserank.types import Product, Query


def extract(
    job: Job, *, masked: Collection[str] = frozenset(), progress: Progress | None = None
) -> tuple[Features, list[ExtractionReport]]:
    """Features of the job's dataset.

    Args:
        masked: media hashes in quarantine; their modality is absent.
        progress: told (encoder key, items done, items to do).
    """
    data = job.dataset
    return features_of(job, data.products, data.queries, data.media.get, masked=masked, progress=progress)


def features_of(
    job: Job,
    products: Sequence[Product],
    queries: Sequence[Query],
    read_bytes: ReadBytes,
    *,
    masked: Collection[str] = frozenset(),
    progress: Progress | None = None,
) -> tuple[Features, list[ExtractionReport]]:
    """Features of products and queries that may differ from the job's own; shoppers' histories are the job's.

    Args:
        read_bytes: bytes of the media that these products and queries name.
    """
    encode = _encode_of(job)
    catalogue, reports = build_catalogue(
        products,
        job.modalities,
        job.store,
        read_bytes,
        encode=encode,
        masked=masked,
        interactions=job.dataset.interactions,
        moments=[query.timestamp for query in queries if query.timestamp is not None],
        engine=job.engine,
        progress=progress,
    )
    features, query_reports = build_query_features(
        queries,
        job.modalities,
        catalogue,
        job.store,
        read_bytes,
        histories(job.dataset.interactions),
        encode=encode,
        masked=masked,
        progress=progress,
    )
    return Features(job.modalities, catalogue, features), [*reports, *query_reports]


def _encode_of(job: Job) -> Encode:
    """Where and how the settings want contents to be encoded."""
    knobs = job.settings.features
    if job.engine is LOCAL:
        return partial(encode, batch_size=knobs.batch_size, workers=knobs.workers)
    return ByEngine(job.engine, job.make_modalities, knobs.batch_size, knobs.workers)
