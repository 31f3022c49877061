"""Have the embeddings of a modality moved? Can a classifier tell reference from current better than it tells two halves apart?"""

from __future__ import annotations

import numpy as np

from fuserank.monitoring.calibration import halves, threshold
from fuserank.monitoring.evidently_report import embedding_score
from fuserank.monitoring.verdict import ModalityDrift

MIN_VECTORS = 30  # a side
DIRECTIONS = 64  # at most, and at most a quarter of the vectors on a side, else the classifier learns them by heart
AUC_FLOOR = 0.55


def compare_embeddings(
    reference: dict[str, np.ndarray],
    current: dict[str, np.ndarray],
    *,
    alpha: float,
    sample: int,
    resamples: int,
    rng: np.random.Generator,
) -> list[ModalityDrift]:
    """Drift of every modality of the reference.

    Args:
        reference, current: modality -> float (n, d).
        alpha: false-alarm level of one modality.
        sample: vectors drawn from each side at most.
        resamples: no-drift comparisons that the threshold is calibrated on.
        rng: where the draws come from.
    """
    return [
        _compare(modality, vectors, current.get(modality, vectors[:0]), alpha, sample, resamples, rng)
        for modality, vectors in reference.items()
    ]


def _compare(
    modality: str, reference: np.ndarray, current: np.ndarray, alpha: float, sample: int, resamples: int, rng: np.random.Generator
) -> ModalityDrift:
    # Both sides, and both halves of every resample, have the same size: only then do their scores compare.
    n = min(sample, len(reference) // 2, len(current))
    if n < MIN_VECTORS:
        came = f"{len(reference)} vectors in reference, {len(current)} in current"
        return ModalityDrift(modality, None, None, False, n, f"{came}; {2 * MIN_VECTORS} and {MIN_VECTORS} are needed")
    before = reference[rng.permutation(len(reference))[: 2 * n]]
    now = current[rng.permutation(len(current))[:n]]
    before, now = np.split(_main_directions(np.concatenate([before, now]), min(DIRECTIONS, n // 4)), [2 * n])
    score = embedding_score(before[:n], now)
    no_drift = [embedding_score(before[one], before[other]) for one, other in halves(2 * n, n, resamples=resamples, rng=rng)]
    limit = threshold(no_drift, alpha=alpha, floor=AUC_FLOOR)
    return ModalityDrift(modality, score, limit, score > limit, n)


def _main_directions(vectors: np.ndarray, at_most: int) -> np.ndarray:
    """(n, d) to float64 (n, at most `at_most`): the main directions of both sides together, each scaled to variance 1.

    Found without knowing the sides, so it favours none; directions that do not vary are left out.
    """
    from sklearn.decomposition import PCA

    wanted = min(at_most, *vectors.shape)
    solver = "randomized" if wanted < vectors.shape[1] else "full"
    pca = PCA(wanted, svd_solver=solver, random_state=0)
    scores = pca.fit_transform(vectors.astype(np.float64))
    spread = np.sqrt(pca.explained_variance_)
    varies = spread > 1e-4 * spread.max(initial=1e-8)
    return scores[:, varies] / spread[varies] if varies.any() else np.zeros((len(vectors), 1))
