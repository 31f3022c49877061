"""Product and query vectors as training reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate

HELD_BYTES = 2**30
SCALING_ROWS = 20_000


class ScaledVectors:
    """Standardised product vectors by catalogue row: kept when those of all slates fit in HELD_BYTES, else made for each batch.

    Standardising costs as much as the matrix product that follows, and training never changes it.
    """

    def __init__(self, ranker: Ranker, features: Features, slates: Sequence[Slate]) -> None:
        self.ranker, self.features, self.device = ranker, features, next(ranker.parameters()).device
        rows = np.unique(np.concatenate([s.rows for s in slates]))
        size = 4 * len(rows) * sum(spec.product_dim for spec in ranker.spec.modalities)
        self._held = self._make(rows) if size <= HELD_BYTES else None
        self._position = np.zeros(len(features.catalogue), np.int64)
        self._position[rows] = np.arange(len(rows))

    def __call__(self, rows: np.ndarray) -> dict[str, Tensor]:
        """{modality: (len(rows), d_m)} for rows of the slates."""
        if self._held is None:
            return self._make(rows)
        at = torch.from_numpy(self._position[rows]).to(self.device)
        return {name: held[at] for name, held in self._held.items()}

    @torch.no_grad()
    def _make(self, rows: np.ndarray) -> dict[str, Tensor]:
        return self.ranker.projection.scale_products(self.features.product_vectors(rows, self.device))


def scaling_vectors(features: Features, slates: Sequence[Slate]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Vectors that exist, of products (at most 20,000) and queries of the training slates, for the standardisers."""
    rows = np.unique(np.concatenate([s.rows for s in slates]))
    rows = rows[:: -(-len(rows) // SCALING_ROWS)]  # evenly over the catalogue, whose order may follow its labels
    products = {}
    for m, modality in enumerate(features.modalities):
        if modality.encoder and not modality.pair_only:
            having = rows[features.catalogue.present[rows, m]]
            products[modality.name] = torch.from_numpy(np.asarray(features.catalogue.vectors[modality.name][having], np.float32))
    which = np.unique([s.query for s in slates])
    queries = {
        name: torch.from_numpy(np.asarray(features.queries.vectors[name][which[features.queries.present[which, c]]], np.float32))
        for c, name in enumerate(features.queries.modalities)
    }
    return products, queries
