"""Products that went together with what the shopper took: item-based neighbours of the library `implicit`.

Sarwar et al. 2001, WWW; a product is its own nearest neighbour, as in the library, so what was taken before is not left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.baselines.from_log import LogModel, best_from_log
from fuserank.modalities.behaviour import Past
from fuserank.modalities.shopping_log import ShoppingLog
from fuserank.slates import Features, Slate

NEIGHBOURS = (20, 100, 500)


def item_knn(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> Mapping[str, Callable[[Slate], np.ndarray]]:
    """Sum of cosines; how many neighbours, and whether they share baskets or shoppers, is tuned on validation."""
    settings = itertools.product(NEIGHBOURS, ("baskets", "shoppers"))
    return best_from_log("item-kNN (implicit)", features, val, [partial(_fit, neighbours=k, shared=by) for k, by in settings])


def _fit(log: ShoppingLog, moment: int, *, neighbours: int, shared: str) -> LogModel:
    from implicit.nearest_neighbours import ItemItemRecommender
    from sklearn.preprocessing import normalize

    taken = log.by_basket() if shared == "baskets" else log.by_shopper(np.ones(len(log))).sign()
    model = ItemItemRecommender(K=neighbours, num_threads=1)
    model.fit(normalize(taken.astype(np.float64), axis=0).tocsr(), show_progress=False)

    def score(past: Past) -> np.ndarray:
        return np.asarray(model.similarity[np.unique(past.rows)].sum(axis=0)).ravel()

    return score
