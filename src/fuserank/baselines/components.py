"""Vectors of pretrained encoders in fewer numbers, for trees and for ordinary nets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fuserank.projection import Standardiser
from fuserank.slates import Features, Slate

NET_COMPONENTS = 256  # a net reads vectors longer than LONG as so many principal components
LONG = 512


Vectors = Callable[[str], tuple[Tensor, Tensor]]  # modality -> products (P, d) and queries (Q, d)


class Side(NamedTuple):
    """The vectors of all products, or of all queries, of one modality.

    Attributes:
        vectors: float32 (n, d).
        has: bool (n,), which of them are there.
        rows: int64 (m,), those of the training slates, each once.
    """

    vectors: np.ndarray
    has: np.ndarray
    rows: np.ndarray

    def known(self) -> np.ndarray:
        """The vectors that the training slates have: float32 (at most m, d)."""
        return self.vectors[self.rows[self.has[self.rows]]]


def sides_of(features: Features, train: Sequence[Slate], modality: str) -> tuple[Side, Side]:
    """Products and queries, as the encoder gave them."""
    catalogue, queries = features.catalogue, features.queries
    rows, asked = np.unique(np.concatenate([s.rows for s in train])), np.unique([s.query for s in train])
    return (
        Side(np.asarray(catalogue.vectors[modality], np.float32), catalogue.has(modality), rows),
        Side(np.asarray(queries.vectors[modality], np.float32), queries.has(modality), asked),
    )


def principal_components(sides: Sequence[Side], components: int, seed: int) -> list[np.ndarray]:
    """Each side's vectors as at most so many principal components, of mean square 1: float32 (n, c), zeros where there is none.

    One fit on what all sides know together. c is 0 where they know nothing, or one vector and no other.
    """
    from sklearn.decomposition import PCA

    known = np.concatenate([side.known() for side in sides])
    if not len(known) or not np.ptp(known, axis=0).any():
        return [np.zeros((len(side.vectors), 0), np.float32) for side in sides]
    pca = PCA(min(components, *known.shape), random_state=seed).fit(known)
    spread = float(np.sqrt(pca.explained_variance_.mean()))
    return [np.where(s.has[:, None], pca.transform(s.vectors) / spread, 0).astype(np.float32) for s in sides]


def vectors_of(features: Features, train: Sequence[Slate], seed: int) -> Vectors:
    """`scaled_vectors` of each modality that is asked for, computed once."""
    return cache(lambda modality: scaled_vectors(features, train, modality, seed))


def scaled_vectors(features: Features, train: Sequence[Slate], modality: str, seed: int) -> tuple[Tensor, Tensor]:
    """The vectors of all products (P, d) and of all queries (Q, d), float32, in one space; zeros where there is none.

    Fitted on products and queries of the training slates: scaled column by column as the modality says, deviation about 1, then,
    where they are long, brought down to principal components. d is 0 where the training slates have no such vectors.
    """
    sides = sides_of(features, train, modality)
    known = torch.from_numpy(np.concatenate([side.known() for side in sides]))
    if not len(known):
        return torch.zeros(len(sides[0].vectors), 0), torch.zeros(len(sides[1].vectors), 0)
    scale = Standardiser(known.shape[1])
    scale.fit(known, next(m.scaling for m in features.modalities if m.name == modality))
    scaled = [side._replace(vectors=scale(torch.from_numpy(side.vectors)).numpy()) for side in sides]
    if known.shape[1] > LONG:
        products, queries = principal_components(scaled, NET_COMPONENTS, seed)
    else:
        products, queries = (np.where(side.has[:, None], side.vectors, np.float32(0)) for side in scaled)
    return torch.from_numpy(products), torch.from_numpy(queries)
