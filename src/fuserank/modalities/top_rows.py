"""The best rows of a long score array, without sorting all of it."""

from __future__ import annotations

import numpy as np


def top_rows(scores: np.ndarray, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Rows of the `k` highest scores, best first; of equal scores the lower row comes first, at the cut too.

    Args:
        scores: float (N,); a row with a score that is not above -inf is never given.
        k: at least 1.
        allowed: bool (N,) rows that may be given; None: all.

    Returns:
        int64 (at most k,).
    """
    able = scores > -np.inf if allowed is None else (scores > -np.inf) & allowed
    rows = np.flatnonzero(able)
    if len(rows) > k:
        values = scores[rows]
        cut = np.partition(values, len(values) - k)[len(values) - k]
        better = rows[values > cut]
        rows = np.sort(np.concatenate([better, rows[values == cut][: k - len(better)]]))
    return rows[np.argsort(-scores[rows], kind="stable")]
