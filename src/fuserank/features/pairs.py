"""Scores of (query, product) pairs that need no training: cosines, word matches and behaviour, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fuserank.features.catalogue import Catalogue
from fuserank.features.queries import QueryFeatures
from fuserank.modalities.base import Modality


def _words(catalogue: Catalogue, queries: QueryFeatures, query: int, rows: np.ndarray) -> np.ndarray | None:
    text = queries.texts[query]
    return None if catalogue.lexical is None or not text else catalogue.lexical.scores(text, rows)


def _behaviour(catalogue: Catalogue, queries: QueryFeatures, query: int, rows: np.ndarray) -> np.ndarray | None:
    return None if catalogue.behaviour is None else catalogue.behaviour.scores(queries.pasts[query])[rows]


# Modalities without vectors: float32 (n, scores) of a query with rows of the catalogue, None when it has nothing to say to them.
_INDEXED: Mapping[str, Callable[[Catalogue, QueryFeatures, int, np.ndarray], np.ndarray | None]] = {
    "lexical": _words,
    "behaviour": _behaviour,
}


class PairScores:
    """S scores of every pair, computed on demand.

    Args:
        modalities: those that the catalogue and the queries were built with.

    Attributes:
        names: S names, e.g. ``"text.cosine"``, ``"lexical.bm25_title"``.
        owners: the modality of each.
    """

    def __init__(self, modalities: Sequence[Modality], catalogue: Catalogue, queries: QueryFeatures) -> None:
        self._modalities, self._catalogue, self._queries = list(modalities), catalogue, queries
        self.names = tuple(f"{m.name}.{score}" for m in modalities for score in m.pair_names)
        self.owners = tuple(m.name for m in modalities for _ in m.pair_names)

    def scores(self, query: int, rows: np.ndarray | None = None) -> np.ndarray:
        """Scores of one query with products.

        Args:
            query: its index among the queries.
            rows: int (n,) rows of the catalogue; None: all.

        Returns:
            float32 (n, S), finite; 0 where the modality is absent on either side.
        """
        chosen = np.arange(len(self._catalogue)) if rows is None else np.asarray(rows, np.int64)
        scores, start = np.zeros((len(chosen), len(self.names)), np.float32), 0
        for modality in self._modalities:
            stop = start + len(modality.pair_names)
            if stop > start:
                self._fill(scores[:, start:stop], modality, query, chosen)
            start = stop
        return scores

    def _fill(self, scores: np.ndarray, modality: Modality, query: int, rows: np.ndarray) -> None:
        """Write the scores of one modality where it is present on both sides."""
        here = self._catalogue.has(modality.name, rows)
        if modality.encoder is None:
            found = _INDEXED[modality.name](self._catalogue, self._queries, query, rows[here])
            if found is not None:
                scores[here] = found
        elif self._queries.has(modality.name)[query]:
            vector = self._queries.vectors[modality.name][query]
            scores[here] = modality.pair(vector, self._catalogue.vectors[modality.name][rows[here]])
