"""How far apart are two batches when nothing has drifted? Ask the reference: compare random halves of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def halves(rows: int, size: int, *, resamples: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of disjoint random subsets.

    Args:
        rows: rows of the reference.
        size: rows of each subset, at most rows // 2.
        resamples: number of pairs.
        rng: where the randomness comes from.

    Yields:
        Two int arrays (size,) of row numbers.
    """
    for _ in range(resamples):
        order = rng.permutation(rows)
        yield order[:size], order[size : 2 * size]


def threshold(no_drift: Sequence[float], *, alpha: float, floor: float) -> float:
    """What a new no-drift comparison exceeds with probability `alpha`.

    The upper end of a one-sided prediction interval for one more draw from a normal distribution of which K draws are known:
    mean + t(K-1, 1-alpha) * s * sqrt(1 + 1/K) (Student's t; e.g. Geisser, Predictive Inference, 1993).

    Args:
        no_drift: K >= 2 statistics of no-drift comparisons of the same size.
        alpha: false-alarm level, 0..1.
        floor: differences up to this are too small to matter even where they can be shown.
    """
    from scipy.stats import t

    known = np.asarray(no_drift, dtype=np.float64)
    k = len(known)
    return max(floor, float(known.mean() + t.ppf(1 - alpha, k - 1) * known.std(ddof=1) * np.sqrt(1 + 1 / k)))
