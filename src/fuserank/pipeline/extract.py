"""Extraction: every product and query of the dataset as features; only what the store lacks is encoded."""

from __future__ import annotations

from collections.abc import Callable, Collection

from fuserank.features.catalogue import build_catalogue
from fuserank.features.extraction import ExtractionReport
from fuserank.features.histories import histories
from fuserank.features.queries import build_query_features
from fuserank.pipeline.job import Job
from fuserank.slates import Features


def extract(
    job: Job, *, masked: Collection[str] = frozenset(), progress: Callable[[str, int, int], None] | None = None
) -> tuple[Features, list[ExtractionReport]]:
    """Features of the job's dataset.

    Args:
        masked: media hashes in quarantine; their modality is absent.
        progress: told (encoder key, items done, items to do).
    """
    data, knobs = job.dataset, job.settings.features
    catalogue, reports = build_catalogue(
        data.products,
        job.modalities,
        job.store,
        data.media.get,
        batch_size=knobs.batch_size,
        workers=knobs.workers,
        masked=masked,
        progress=progress,
    )
    queries, query_reports = build_query_features(
        data.queries,
        job.modalities,
        catalogue,
        job.store,
        data.media.get,
        histories(data.interactions),
        batch_size=knobs.batch_size,
        workers=knobs.workers,
        masked=masked,
        progress=progress,
    )
    return Features(job.modalities, catalogue, queries), [*reports, *query_reports]
