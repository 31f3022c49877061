"""Distances between two sides of the same rows, for many dealings of the rows at once.

Each takes `dealt`, float (P, N) of 1 (current) and 0 (reference), and gives (P,); where a side is empty, 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

FIRST = (1, 4, 16, 64)  # directions
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

    A small change along one direction drowns in the chance of many, and a change along a late direction is not seen in few. So the
    first directions are looked at as well as all of them (FIRST), and of these the one that stands out most counts, for each
    dealing likewise. A weak drift that lies along more directions than these therefore reads low.

    Args:
        directions: float (N, k), uncorrelated over both sides together, mean 0 and variance 1 each, the main one first.
        dealt: (P, N), P >= 2, the first as it came.
    """
    n = len(directions)
    here = dealt.sum(axis=1, dtype=np.float64)
    there = n - here
    sums = (dealt @ directions.astype(np.float32)).astype(np.float64)
    # The mean of all is 0, so the other side's sum is minus this one's.
    apart = np.cumsum(sums**2, axis=1) * ((n / np.maximum(here * there, 1)) ** 2)[:, None]
    apart = apart[:, sorted({min(first, directions.shape[1]) - 1 for first in FIRST})]
    apart -= apart[1:].mean(axis=0)
    spread = np.maximum(apart[1:].std(axis=0), 1e-12)
    standing = apart / spread
    most = np.maximum(standing.max(axis=1) * spread[standing[0].argmax()], 0)
    # Within the sides: the distance of the means is itself a part of the variance over both.
    within = most / np.maximum(1 - here * there / n**2 * most, 1e-6)
    return np.asarray(ndtr(np.sqrt(within / 2)))


def _by_blocks(function: Callable[[np.ndarray], np.ndarray], dealt: np.ndarray) -> np.ndarray:
    rows = max(1, AT_ONCE // max(1, dealt.shape[1]))
    return np.concatenate([function(dealt[start : start + rows]) for start in range(0, len(dealt), rows)])
