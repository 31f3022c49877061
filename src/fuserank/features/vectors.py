"""Vectors of many contents in one array, through the store when there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.encoders.base import Encoder
from fuserank.features.extraction import ExtractionReport, Progress, ReadBytes, encode, extract
from fuserank.features.store import FeatureStore
from fuserank.modalities.base import Content


def content_vectors(
    contents: Sequence[Content | None],
    encoder: Encoder,
    store: FeatureStore | None,
    read_bytes: ReadBytes,
    *,
    batch_size: int = 32,
    workers: int = 2,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray, ExtractionReport]:
    """Vectors of contents, each distinct one encoded once.

    Args:
        contents: None where there is nothing to encode.
        store: where vectors are kept; None: nothing is kept, and the vectors are rounded to float16 as the store would have
            done, so that training and serving see the same numbers.

    Returns:
        (float16 (n, dim), bool (n,) whether there is a vector, report); rows without a vector are zero.
    """
    here = [i for i, content in enumerate(contents) if content is not None]
    distinct = {content.key: content for content in contents if content is not None}
    vectors, present = np.zeros((len(contents), encoder.info.dim), np.float16), np.zeros(len(contents), bool)
    keys = [contents[i].key for i in here]  # type: ignore[union-attr]
    if store is not None:
        report = extract(distinct.values(), encoder, store, read_bytes, batch_size=batch_size, workers=workers, progress=progress)
        vectors[here], present[here] = store.get(encoder.info, keys)
        return vectors, present, report
    report = ExtractionReport(encoder.info)
    found: dict[str, np.ndarray] = {}
    for batch in encode(distinct.values(), encoder, read_bytes, batch_size=batch_size, workers=workers):
        found.update(zip(batch.keys, batch.vectors, strict=True))
        report.quarantined.update(batch.quarantined)
    report.encoded = len(found)
    for i, key in zip(here, keys, strict=True):
        if key in found:
            vectors[i], present[i] = found[key], True
    return vectors, present, report
