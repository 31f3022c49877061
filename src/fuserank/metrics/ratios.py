"""Ratios of sums whose unit is a shopper: requests of one shopper are not independent.

The delta method of Deng, Knoblich & Lu 2018, KDD, "Applying the delta method in metric analytics".
"""

from __future__ import annotations

import numpy as np
from statsmodels.stats.weightstats import DescrStatsW

LEVEL = 0.05  # 1 - the confidence of intervals


def linearised(sums: np.ndarray) -> np.ndarray:
    """(S,) by shopper R + (s - R n) / mean(n): their mean is R, the ratio of all sums, and their spread gives its error.

    Args:
        sums: (S, 2): by shopper the numerator s and the denominator n, such as how many requests it is of.
    """
    above, below = sums.T
    ratio = above.sum() / below.sum()
    return ratio + (above - ratio * below) / below.mean()


def ratio_interval(sums: np.ndarray) -> tuple[float | None, float | None]:
    """95 % confidence interval of the ratio; both None where there is one shopper, or no spread. Arguments as of `linearised`."""
    apart = DescrStatsW(linearised(sums))
    if len(sums) < 2 or apart.var == 0:
        return None, None
    low, high = apart.tconfint_mean(LEVEL)
    return float(low), float(high)
