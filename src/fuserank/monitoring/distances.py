"""Distances between two sides of the same rows, for many dealings of the rows at once.

Each takes `dealt`, float (P, N) of 1 (current) and 0 (reference), and gives (P,); where a side is empty, 0.
"""

from __future__ import annotations

import numpy as np

AT_ONCE = 2**22  # numbers of a block of dealings: 16 MiB


def wasserstein(values: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """First Wasserstein distance, in the unit of the values.

    Args:
        values: float (N,), finite.
        dealt: (P, N).
    """
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order]).astype(np.float32)

    def of_block(block: np.ndarray) -> np.ndarray:
        now = np.cumsum(block[:, order], axis=1, dtype=np.float32)
        both = np.arange(1, len(order) + 1, dtype=np.float32)
        here, there = now[:, -1:], len(order) - now[:, -1:]
        apart = np.abs(now / np.maximum(here, 1) - (both - now) / np.maximum(there, 1))
        return (apart[:, :-1] @ gaps) * ((here > 0) & (there > 0))[:, 0]

    return _by_blocks(of_block, dealt)


def jensenshannon(codes: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """Jensen-Shannon distance, the root of the divergence with natural logarithms: 0 to 0.83.

    Args:
        codes: int (N,), the category of each row, from 0.
        dealt: (P, N).
    """
    one_hot = np.zeros((len(codes), int(codes.max(initial=0)) + 1), np.float32)
    one_hot[np.arange(len(codes)), codes] = 1
    now = (dealt @ one_hot).astype(np.float64)
    before = one_hot.sum(axis=0, dtype=np.float64) - now
    sides = [side / np.maximum(side.sum(axis=1, keepdims=True), 1) for side in (before, now)]
    middle = (sides[0] + sides[1]) / 2
    divergence = np.zeros(len(now))
    for side in sides:
        ratio = np.divide(side, middle, out=np.ones_like(side), where=side > 0)
        divergence += (side * np.log(ratio)).sum(axis=1) / 2
    return np.sqrt(np.maximum(divergence, 0)) * (now.sum(axis=1) > 0) * (before.sum(axis=1) > 0)


def share_change(shares: np.ndarray, weights: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """How far the weighted mean share differs, 0..1.

    Args:
        shares: float (N,), 0..1.
        weights: float (N,), > 0.
        dealt: (P, N).
    """
    pairs = np.stack([shares * weights, weights], axis=1).astype(np.float32)
    now = (dealt @ pairs).astype(np.float64)
    before = pairs.sum(axis=0, dtype=np.float64) - now
    means = [side[:, 0] / np.maximum(side[:, 1], 1e-9) for side in (before, now)]
    return np.abs(means[1] - means[0]) * (now[:, 1] > 0) * (before[:, 1] > 0)


def separation(directions: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """How well a linear classifier tells the sides apart: its ROC AUC on new rows, 0.5 (not at all) to 1.

    From Mahalanobis' distance D of the means within the sides, AUC = Φ(D / √2): that of Fisher's linear discriminant when the sides
    are normal with one covariance. D² is lowered by what it is on average over the dealings, since that much is chance.

    Args:
        directions: float (N, k), uncorrelated over both sides together, mean 0 and variance 1 each.
        dealt: (P, N), P >= 2, the first as it came.
    """
    from scipy.special import ndtr

    n = len(directions)
    here = dealt.sum(axis=1, dtype=np.float64)
    there = n - here
    sums = (dealt @ directions.astype(np.float32)).astype(np.float64)
    apart = (sums**2).sum(axis=1) * (n / np.maximum(here * there, 1)) ** 2  # mean 0: the other side's sum is minus this one's
    apart = np.maximum(apart - apart[1:].mean(), 0)
    # Within the sides: the distance of the means is itself a part of the variance over both.
    within = apart / np.maximum(1 - here * there / n**2 * apart, 1e-6)
    return ndtr(np.sqrt(within / 2))


def _by_blocks(function: object, dealt: np.ndarray) -> np.ndarray:
    rows = max(1, AT_ONCE // max(1, dealt.shape[1]))
    return np.concatenate([function(dealt[start : start + rows]) for start in range(0, len(dealt), rows)])  # type: ignore[operator]
