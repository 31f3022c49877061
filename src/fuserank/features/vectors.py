"""Vectors of many contents in one array, through the store or a cache when there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fuserank.encoders.base import Encoder
from fuserank.features.content_cache import ContentCache
from fuserank.features.extraction import Encode, ExtractionReport, Progress, ReadBytes, encode, extract
from fuserank.features.store import FeatureStore
from fuserank.modalities.base import Content

READ_AT_ONCE = 16_384  # vectors, which the store gives in float32


def content_vectors(
    contents: Sequence[Content | None],
    encoder: Encoder,
    store: FeatureStore | ContentCache | None,
    read_bytes: ReadBytes,
    *,
    encode: Encode = encode,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray, ExtractionReport]:
    """Vectors of contents, each distinct one encoded once.

    Args:
        contents: None where there is nothing to encode.
        store: where vectors are kept; None: nothing is kept. Without a store, too, the vectors are rounded to float16, so that
            training and serving see the same numbers.
        encode: where and how; default: here.

    Returns:
        (float16 (n, dim), bool (n,) whether there is a vector, report); rows without a vector are zero.
    """
    here = [i for i, content in enumerate(contents) if content is not None]
    distinct = {content.key: content for content in contents if content is not None}
    vectors, present = np.zeros((len(contents), encoder.info.dim), np.float16), np.zeros(len(contents), bool)
    keys = [contents[i].key for i in here]  # type: ignore[union-attr]
    if isinstance(store, FeatureStore):
        report = extract(distinct.values(), encoder, store, read_bytes, encode=encode, progress=progress)
        for start in range(0, len(here), READ_AT_ONCE):
            part = slice(start, start + READ_AT_ONCE)
            vectors[here[part]], present[here[part]] = store.get(encoder.info, keys[part])
        return vectors, present, report
    if not here:
        return vectors, present, ExtractionReport(encoder.info)
    found, report = _remembered(distinct, encoder, ContentCache() if store is None else store, read_bytes, encode)
    for i, key in zip(here, keys, strict=True):
        if key in found:
            vectors[i], present[i] = found[key], True
    return vectors, present, report


def _remembered(
    contents: Mapping[str, Content], encoder: Encoder, cache: ContentCache, read_bytes: ReadBytes, encode: Encode
) -> tuple[dict[str, np.ndarray], ExtractionReport]:
    """Vectors by key, those the cache lacks encoded now and put there."""
    maker = f"{encoder.info.key} {encoder.info.sha256}"
    found = cache.get(maker, contents)
    report = ExtractionReport(encoder.info, reused=len(found))
    missing = [content for key, content in contents.items() if key not in found]
    for batch in encode(missing, encoder, read_bytes):
        new = dict(zip(batch.keys, batch.vectors.astype(np.float16), strict=True))
        cache.put(maker, new)
        found |= new
        report.encoded += len(new)
        report.quarantined.update(batch.quarantined)
    return found, report
