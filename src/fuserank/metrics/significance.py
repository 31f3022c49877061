"""Paired significance over queries, corrected for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

RESAMPLES = 9999


def paired_p(ours: np.ndarray, theirs: np.ndarray, *, alternative: str = "two-sided", seed: int = 0) -> float:
    """p-value of a paired randomisation test on the mean difference (Smucker et al. 2007, CIKM).

    Args:
        ours, theirs: (Q,) the same measure on the same queries in the same order.
        alternative: ``two-sided``, or ``greater`` for "ours is higher".

    Returns:
        p in (0, 1]; 1.0 when all differences are 0 or there is one query only.
    """
    difference = np.asarray(ours, float) - np.asarray(theirs, float)
    if len(difference) < 2 or not difference.any():
        return 1.0
    result = stats.permutation_test(
        (difference,),
        lambda d, axis: d.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        alternative=alternative,
        rng=np.random.default_rng(seed),
        axis=0,
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for many comparisons (Holm 1979); [] for []."""
    return [float(p) for p in multipletests(p_values, method="holm")[1]] if len(p_values) else []
