"""The scores of the trained picture models as columns for models that are trained on top of them.

On the pairs it was fitted on a model looks better than it is, and what learns from such columns trusts them too much. So training
pairs have out-of-fold scores (stacking: Wolpert 1992, Neural Networks 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.baselines.components import vectors_of
from fuserank.baselines.contrastive_projection import contrastive_projection, fit_projection
from fuserank.baselines.remembered import remembered
from fuserank.baselines.word_tagger import fit_tagger, word_tagger
from fuserank.slates import Features, Slate

FOLDS = 3
MODELS = ((contrastive_projection, fit_projection), (word_tagger, fit_tagger))  # each as a peer, and on vectors that are given

Columns = Callable[[Slate], np.ndarray]  # (N, C) float32 of a slate
Scorers = Mapping[str, Callable[[Slate], np.ndarray]]


@remembered
def picture_scores(features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int) -> tuple[list[np.ndarray], Columns]:
    """The out-of-fold columns of each training slate, and the function that gives those of any other slate.

    Folds go over what validation has that training has not: over products where most are new to training, else over queries.
    A column is a model that all training slates fit; it is 0 where a fold's rest does not, as of a single query. C is 0 where there
    are no pictures, or no words to ask for them. All models read the same vectors, which no grade had a part in.
    """
    fitted = {name: score for peer, _ in MODELS for name, score in peer(features, train, val, seed).items()}
    columns = partial(_stack, fitted, list(fitted))
    found = [np.zeros((len(s.rows), len(fitted)), np.float32) for s in train]
    if not fitted:
        return found, columns
    vectors = vectors_of(features, train, seed)
    folds = _folds(train, val, len(features.catalogue), np.random.default_rng(seed))
    for fold in range(FOLDS):
        rest = [s.take(np.flatnonzero(f != fold)) for s, f in zip(train, folds, strict=True)]
        rest = [s for s in rest if len(s.rows) and s.grades.min() < s.grades.max()]
        unseen = {name: score for _, fit in MODELS for name, score in fit(features, rest, val, seed, vectors).items()}
        for slate, f, table in zip(train, folds, found, strict=True):
            inside = np.flatnonzero(f == fold)
            if len(inside):
                table[inside] = _stack(unseen, list(fitted), slate.take(inside))
    return found, columns


def with_columns(slate: Slate, table: np.ndarray) -> Slate:
    """The slate with the columns of a table (N, C) behind its pair scores."""
    pairs = np.concatenate([slate.pairs, table], axis=1, dtype=np.float32)
    return Slate(slate.query, slate.rows, slate.grades, pairs, slate.present)


def _stack(scorers: Scorers, names: Sequence[str], slate: Slate) -> np.ndarray:
    """(N, C) float32, a column for each name; 0 where there is no such scorer."""
    table = np.zeros((len(slate.rows), len(names)), np.float32)
    for column, name in enumerate(names):
        if name in scorers:
            table[:, column] = scorers[name](slate)
    return table


def _folds(train: Sequence[Slate], val: Sequence[Slate], products: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The fold of each candidate of each training slate: int64 (N,) each, 0 .. FOLDS - 1."""
    known = np.unique(np.concatenate([s.rows for s in train]))
    asked = np.unique(np.concatenate([s.rows for s in val]))
    if np.isin(asked, known).mean() < 0.5:
        of_product = rng.permutation(np.arange(products) % FOLDS)
        return [of_product[s.rows] for s in train]
    of_slate = rng.permutation(np.arange(len(train)) % FOLDS)
    return [np.full(len(s.rows), fold) for s, fold in zip(train, of_slate, strict=True)]
