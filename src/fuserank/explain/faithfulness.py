"""Whether explanations are true, in numbers: mean drops over many queries with bootstrap intervals (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fuserank.explain.removal import Drop

FACTOR = 1.5  # by which removing the most important must hurt more than removing one at random
RESAMPLES = 4999
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over queries and its bootstrap interval at LEVEL (percentiles); of one query, or of equal values, a point."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Faithfulness:
    """Mean drops over queries.

    Attributes:
        queries: how many.
        most, random, least: as in `Drop`.
        margin: most − random, paired by query.
    """

    queries: int
    most: Interval
    random: Interval
    least: Interval
    margin: Interval

    @property
    def holds(self) -> bool:
        """Removing the most important hurts FACTOR times as much as one at random, and the interval of the margin is above 0."""
        return self.margin.low > 0 and self.most.mean >= FACTOR * self.random.mean


def summarise(drops: Sequence[Drop], *, seed: int = 0) -> Faithfulness:
    """Drops of queries, at least one, as means with intervals."""
    most, random, least = (np.array([getattr(drop, name) for drop in drops]) for name in ("most", "random", "least"))
    found = [interval(values, seed=seed) for values in (most, random, least, most - random)]
    return Faithfulness(len(drops), *found)


def interval(values: np.ndarray, *, seed: int = 0) -> Interval:
    """Mean of (Q,) values with its bootstrap interval."""
    mean = float(np.mean(values))
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    bounds = stats.bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL, method="percentile", rng=np.random.default_rng(seed)
    ).confidence_interval
    return Interval(mean, float(bounds.low), float(bounds.high))
