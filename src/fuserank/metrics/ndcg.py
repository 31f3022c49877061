"""nDCG on arrays, for the training loop (which asks for it every epoch). Reports use ir-measures; a test holds the two equal."""

from __future__ import annotations

import numpy as np


def ndcg(scores: np.ndarray, grades: np.ndarray, k: int = 10) -> float:
    """nDCG@k of one slate: linear gain (gain = grade), discount 1 / log2(1 + rank) (Järvelin & Kekäläinen 2002).

    Args:
        scores: (N,) finite; ties keep the order of the slate.
        grades: (N,) >= 0.
        k: cut-off, >= 1.

    Returns:
        a value in [0, 1], or NaN when no candidate has a grade above 0: such a query says nothing, callers leave it out.
    """
    top = np.argsort(-scores, kind="stable")[:k]
    discount = 1 / np.log2(np.arange(2, min(k, len(grades)) + 2))
    ideal = float(np.sort(grades)[::-1][:k] @ discount)
    return float(grades[top] @ discount) / ideal if ideal > 0 else float("nan")
