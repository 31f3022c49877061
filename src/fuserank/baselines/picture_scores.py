"""The scores of the trained picture models as columns for models that are trained on top of them.

On the pairs it was fitted on a model looks better than it is, and what learns from such columns trusts them too much. So training
pairs are scored by models that did not see them (stacking: Wolpert 1992, Neural Networks 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fuserank.baselines.components import Vectors
from fuserank.baselines.contrastive_projection import contrastive_projection
from fuserank.baselines.word_tagger import word_tagger
from fuserank.slates import Features, Slate

FOLDS = 3
MODELS = (contrastive_projection, word_tagger)

Columns = Callable[[Slate], np.ndarray]  # (N, C) float32 of a slate


def picture_scores(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int, vectors: Vectors
) -> tuple[list[np.ndarray], Columns]:
    """The columns of each training slate, cross-fitted, and the function that gives those of any other slate.

    Folds go over what validation has that training has not: over products where most are new to training, else over queries.
    C is 0 where there are no pictures, or no words to ask for them. All models read the same vectors, which no grade had a part in.
    """
    columns = _fit(features, train, val, seed, vectors)
    found = [columns(s) for s in train]
    if not found[0].shape[1]:
        return found, columns
    folds = _folds(train, val, len(features.catalogue), np.random.default_rng(seed))
    for fold in range(FOLDS):
        rest = [s.take(np.flatnonzero(f != fold)) for s, f in zip(train, folds, strict=True)]
        unseen = _fit(features, [s for s in rest if len(s.rows) and s.grades.min() < s.grades.max()], val, seed, vectors)
        for slate, f, table in zip(train, folds, found, strict=True):
            inside = np.flatnonzero(f == fold)
            if len(inside):
                table[inside] = unseen(slate.take(inside))
    return found, columns


def with_columns(slate: Slate, table: np.ndarray) -> Slate:
    """The slate with the columns of a table (N, C) behind its pair scores."""
    pairs = np.concatenate([slate.pairs, table], axis=1, dtype=np.float32)
    return Slate(slate.query, slate.rows, slate.grades, pairs, slate.present)


def _fit(features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int, vectors: Vectors) -> Columns:
    scorers = [score for model in MODELS if train for score in model(features, train, val, seed, vectors).values()]
    return lambda slate: np.stack([s(slate) for s in scorers], axis=1) if scorers else np.zeros((len(slate.rows), 0), np.float32)


def _folds(train: Sequence[Slate], val: Sequence[Slate], products: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The fold of each candidate of each training slate: int64 (N,) each, 0 .. FOLDS - 1."""
    known = np.unique(np.concatenate([s.rows for s in train]))
    asked = np.unique(np.concatenate([s.rows for s in val]))
    if np.isin(asked, known).mean() < 0.5:
        of_product = rng.permutation(np.arange(products) % FOLDS)
        return [of_product[s.rows] for s in train]
    of_slate = rng.permutation(np.arange(len(train)) % FOLDS)
    return [np.full(len(s.rows), fold) for s, fold in zip(train, of_slate, strict=True)]
