"""What the shopper took most often before; what was never taken stands behind it, by popularity.

Known as GP-TopFreq (Li et al. 2023, "A Next Basket Recommendation Reality Check", ACM TOIS 41(4)), and hard to beat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.baselines.from_log import LogModel, best_from_log
from fuserank.baselines.popularity import WINDOWS
from fuserank.modalities.behaviour import Past
from fuserank.modalities.shopping_log import DAY, ShoppingLog
from fuserank.slates import Features, Slate


def repeat(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> Mapping[str, Callable[[Slate], np.ndarray]]:
    """The number of the shopper's own events, ties by popularity; its number of days is tuned on validation."""
    return best_from_log("own purchases, then popularity", features, val, [partial(_fit, days=days) for days in WINDOWS])


def _fit(log: ShoppingLog, moment: int, *, days: int) -> LogModel:
    counts = log.since(moment - days * DAY).shoppers_of_products()
    ties = counts / (counts.max(initial=0) + 1)

    def score(past: Past) -> np.ndarray:
        return np.bincount(past.rows, minlength=log.count) + ties

    return score
