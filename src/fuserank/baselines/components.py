"""Vectors of pretrained encoders as an ordinary net wants them: mean 0, deviation about 1, not too many numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from fuserank.projection import Standardiser
from fuserank.slates import Features, Slate

COMPONENTS = 256  # vectors longer than LONG are read as so many principal components
LONG = 512


Vectors = Callable[[str], tuple[Tensor, Tensor]]  # modality -> products (P, d) and queries (Q, d)


def vectors_of(features: Features, train: Sequence[Slate], seed: int) -> Vectors:
    """`scaled_vectors` of each modality that is asked for, computed once."""
    return cache(lambda modality: scaled_vectors(features, train, modality, seed))


def scaled_vectors(features: Features, train: Sequence[Slate], modality: str, seed: int) -> tuple[Tensor, Tensor]:
    """The vectors of all products (P, d) and of all queries (Q, d), float32, in one space; zeros where there is none.

    Fitted on products and queries of the training slates: scaled column by column as the modality says, then, where they are long,
    brought down to principal components of mean square 1. d is 0 where the training slates have no such vectors.
    """
    catalogue, queries = features.catalogue, features.queries
    sides = [
        (catalogue.vectors[modality], catalogue.has(modality), np.unique(np.concatenate([s.rows for s in train]))),
        (queries.vectors[modality], queries.has(modality), np.unique([s.query for s in train])),
    ]
    vectors = [torch.from_numpy(np.asarray(v, np.float32)) for v, _, _ in sides]
    known = torch.cat([v[rows[has[rows]]] for v, (_, has, rows) in zip(vectors, sides, strict=True)])
    if not len(known):
        return torch.zeros(len(catalogue), 0), torch.zeros(len(queries), 0)
    scale = Standardiser(known.shape[1])
    scale.fit(known, next(m.scaling for m in features.modalities if m.name == modality))
    scaled = [scale(v).numpy() for v in vectors]
    if known.shape[1] > LONG:
        from sklearn.decomposition import PCA

        fitted = scale(known).numpy()
        pca = PCA(min(COMPONENTS, *fitted.shape), random_state=seed).fit(fitted)
        spread = float(np.sqrt(pca.explained_variance_.mean())) or 1.0
        scaled = [pca.transform(v) / spread for v in scaled]
    products, asked = (
        torch.from_numpy(np.where(has[:, None], v, 0).astype(np.float32)) for v, (_, has, _) in zip(scaled, sides, strict=True)
    )
    return products, asked
