"""One pair score on its own, untrained: BM25, a cosine of embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fuserank.slates import Features, Slate


def single_scores(
    features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Each pair score that says anything on the training or validation slates by its name; the fields' BM25 as one, ``BM25``."""
    names = features.pair_names
    active = np.any([s.pairs.any(axis=0) for s in (*train, *val)], axis=0)
    fields = [i for i, name in enumerate(names) if name.startswith("lexical.bm25")]
    scores = {name: _column([i]) for i, name in enumerate(names) if active[i] and i not in fields}
    return {"BM25": _column(fields), **scores} if fields else scores


def _column(indices: Sequence[int]) -> Callable[[Slate], np.ndarray]:
    return lambda slate: slate.pairs[:, list(indices)].sum(axis=1)
