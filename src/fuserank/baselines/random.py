"""Random order: where every measure starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fuserank.slates import Features, Slate


def random_order(
    features: Features,
    train: Sequence[Slate],
    val: Sequence[Slate],
    seed: int,
) -> dict[str, Callable[[Slate], np.ndarray]]:
    """Uniform scores; the same slate always gets the same ones."""
    return {"random": lambda slate: np.random.default_rng([seed, slate.query]).random(len(slate.rows), dtype=np.float32)}
