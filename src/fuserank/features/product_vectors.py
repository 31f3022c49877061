"""Products as vectors with a present mask: what a catalogue is built from, and what it grows by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from fuserank.features.extraction import Encode, ExtractionReport, Progress, ReadBytes, encode
from fuserank.features.store import FeatureStore
from fuserank.features.vectors import content_vectors
from fuserank.modalities.base import Content, Modality
from fuserank.types import Product


class ProductVectors(NamedTuple):
    """Products as features.

    Attributes:
        vectors: modality -> float16 (n, d); modalities that read the same content with the same encoder share the array.
        present: bool (n, M).
        reports: one for each encoder that ran.
    """

    vectors: dict[str, np.ndarray]
    present: np.ndarray
    reports: list[ExtractionReport]


def product_vectors(
    products: Sequence[Product],
    modalities: Sequence[Modality],
    store: FeatureStore | None,
    read_bytes: ReadBytes,
    *,
    encode: Encode = encode,
    masked: Collection[str] = frozenset(),
    progress: Progress | None = None,
) -> ProductVectors:
    """Encode what the store lacks of the products' contents; arguments as of `build_catalogue`."""
    present = np.zeros((len(products), len(modalities)), bool)
    vectors: dict[str, np.ndarray] = {}
    done: dict[tuple[str | None, ...], tuple[np.ndarray, np.ndarray]] = {}
    reports = []
    for column, modality in enumerate(modalities):
        contents = [unmasked(modality.product_content(product), masked) for product in products]
        if modality.encoder is None:
            present[:, column] = [content is not None for content in contents]
            continue
        key = modality.encoder.info.key, *(None if content is None else content.key for content in contents)
        if key not in done:  # text and history read the same content with the same encoder
            found, here, report = content_vectors(contents, modality.encoder, store, read_bytes, encode=encode, progress=progress)
            done[key] = found, here
            reports.append(report)
        vectors[modality.name], present[:, column] = done[key]
    return ProductVectors(vectors, present, reports)


def unmasked(content: Content | None, masked: Collection[str]) -> Content | None:
    """None for media in quarantine, else the content."""
    return None if content is not None and content.is_media and content.value in masked else content
