"""First phase: candidates from the whole catalogue, by words, by behaviour and by every vector that query and product share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.encoders.base import unit_rows
from fuserank.features import Catalogue, QueryFeatures
from fuserank.features.stacked_rows import parts_of
from fuserank.modalities.base import Modality
from fuserank.modalities.top_rows import top_rows

CHUNK = 2048  # products whose pair scores are computed at once: widened vectors stay in cache, five times as fast as 65,536


def retrieve(
    modalities: Sequence[Modality], catalogue: Catalogue, queries: QueryFeatures, depth: int, allowed: np.ndarray | None = None
) -> np.ndarray:
    """Union of the best products of each retriever for the only query of `queries`; dead rows never come.

    Args:
        modalities: as the catalogue was built with.
        depth: products that each retriever gives.
        allowed: bool (N,) products that may come, asked before any retriever counts to `depth`; None: all.

    Returns:
        int64 rows of the catalogue, ascending, each once; empty when nothing of the query can be looked up.
    """
    able = catalogue.alive if allowed is None else allowed if catalogue.alive is None else allowed & catalogue.alive
    found = [np.zeros(0, np.int64)]
    if catalogue.lexical is not None and queries.texts[0]:
        found.append(catalogue.lexical.top(queries.texts[0], depth, able))
    if catalogue.behaviour is not None and len(queries.pasts[0].rows):
        found.append(catalogue.behaviour.top(queries.pasts[0], depth, able))
    for modality in modalities:
        if modality.encoder is not None and not modality.pair_only and modality.pair_names and queries.has(modality.name)[0]:
            found.append(nearest(modality, catalogue, queries.vectors[modality.name][0], depth, able))
    return np.unique(np.concatenate(found)).astype(np.int64)


def nearest(
    modality: Modality, catalogue: Catalogue, query: np.ndarray, depth: int, allowed: np.ndarray | None = None
) -> np.ndarray:
    """Rows of the `depth` products with the highest first pair score, best first, of equal ones the lower row; exact.

    Only products that have the modality, and of these only `allowed` ones (bool (N,); None: all).
    """
    able = np.asarray(catalogue.has(modality.name))
    able = able if allowed is None else able & allowed
    rows = _hopeful(modality, catalogue, query, depth, able)
    vectors = catalogue.vectors[modality.name]
    parts = [modality.pair(query, vectors[rows[start : start + CHUNK]])[:, 0] for start in range(0, len(rows), CHUNK)]
    return rows[top_rows(np.concatenate([np.zeros(0, np.float32), *parts]), depth)]


def _hopeful(modality: Modality, catalogue: Catalogue, query: np.ndarray, depth: int, able: np.ndarray) -> np.ndarray:
    """Rows among which the nearest are: those whose cosine may be as high as `depth` others surely are."""
    rows = np.flatnonzero(able)
    if modality.compared is None or len(rows) <= depth:
        return rows
    unit = unit_rows(np.asarray(query)[None, modality.compared])[0]
    screens = [catalogue.screens.of(part, modality.compared) for part in parts_of(catalogue.vectors[modality.name])]
    cosines, errors = (np.concatenate(found)[rows] for found in zip(*(screen.cosines(unit) for screen in screens), strict=True))
    surely = np.partition(cosines - errors, len(rows) - depth)[len(rows) - depth]
    return rows[cosines + errors >= surely]
