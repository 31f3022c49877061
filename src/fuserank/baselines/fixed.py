"""A fixed weighted sum of the pair scores, weights tuned on validation: the fusion that most shops run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fuserank.metrics.ndcg import ndcg
from fuserank.slates import Features, Slate

DRAWS = 300


def fixed_sum(
    features: Features,
    train: Sequence[Slate],
    val: Sequence[Slate],
    seed: int,
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """The best of each score alone, equal weights and DRAWS random weights (Dirichlet), by nDCG@10 on the validation slates."""
    size = len(features.pair_names)
    draws = np.random.default_rng(seed).dirichlet(np.full(size, 0.5), DRAWS)
    tried = np.vstack([np.eye(size), np.full((1, size), 1 / size), draws]).astype(np.float32)
    quality = np.zeros(len(tried))
    for slate in val:
        quality += [ndcg(scores, slate.grades) for scores in tried @ slate.pairs.T]
    weights = tried[int(quality.argmax())]
    return {"fixed weighted sum": lambda slate: slate.pairs @ weights}
