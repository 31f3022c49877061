"""Matrix factorisation by alternating least squares: Hu, Koren & Volinsky 2008, ICDM, by the library `implicit`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.baselines.from_log import LogModel, best_from_log
from fuserank.modalities.behaviour import Past
from fuserank.modalities.shopping_log import ShoppingLog
from fuserank.slates import Features, Slate

FACTORS = (64, 128)
ALPHAS = (1.0, 5.0)  # confidence in an event over no event
REGULARISATION = 1.0


def als(features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int) -> Mapping[str, Callable[[Slate], np.ndarray]]:
    """Factors of products times those of the shopper's past, which the library folds in; their number and alpha are tuned."""
    settings = itertools.product(FACTORS, ALPHAS)
    return best_from_log("ALS (implicit)", features, val, [partial(_fit, factors=f, alpha=a, seed=seed) for f, a in settings])


def _fit(log: ShoppingLog, moment: int, *, factors: int, alpha: float, seed: int) -> LogModel:
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    with threadpool_limits(1):  # the library looks at the threads, and warns, as soon as a model is made
        model = AlternatingLeastSquares(
            factors=factors, regularization=REGULARISATION, alpha=alpha, num_threads=1, random_state=seed
        )
        model.fit(log.by_shopper(np.ones(len(log))).sign(), show_progress=False)

    def score(past: Past) -> np.ndarray:
        columns = np.unique(past.rows)
        row = csr_matrix((np.ones(len(columns), np.float32), (np.zeros(len(columns), int), columns)), shape=(1, log.count))
        with threadpool_limits(1):
            return np.asarray(model.item_factors @ model.recalculate_user(0, row), np.float32)

    return score
