"""What most shoppers took lately: the same order for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.baselines.from_log import LogModel, best_from_log
from fuserank.modalities.behaviour import Past
from fuserank.modalities.shopping_log import DAY, ShoppingLog
from fuserank.slates import Features, Slate

WINDOWS = (7, 14, 28, 91, 36_500)  # days; the last one is all


def popularity(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> Mapping[str, Callable[[Slate], np.ndarray]]:
    """The number of shoppers in the last days before the query; how many days is tuned on validation."""
    return best_from_log("popularity", features, val, [partial(_fit, days=days) for days in WINDOWS])


def _fit(log: ShoppingLog, moment: int, *, days: int) -> LogModel:
    counts = log.since(moment - days * DAY).shoppers_of_products()

    def score(past: Past) -> np.ndarray:
        return counts

    return score
