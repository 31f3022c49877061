"""Maximal marginal relevance: an order that does not show the same thing again and again.

Carbonell & Goldstein 1998, SIGIR, "The use of MMR, diversity-based reranking". Their λ is 1 - diversity here.
"""

from __future__ import annotations

import numpy as np


def most_diverse(scores: np.ndarray, vectors: np.ndarray, diversity: float) -> np.ndarray:
    """An order of n products, greedily: each next one has the highest (1 - d) · relevance - d · likeness to what stands above it.

    Args:
        scores: (n,), higher is better; scaled to 0..1 among themselves as relevance.
        vectors: (n, D); likeness is the cosine. A zero vector is like nothing.
        diversity: d, 0 (the order of the scores) to 1 (relevance counts for the first product alone).

    Returns:
        int64 (n,) indices; of equal products the one that comes first.
    """
    count = len(scores)
    if count < 3 or diversity == 0:
        return np.argsort(-scores, kind="stable")
    low, high = float(scores.min()), float(scores.max())
    relevance = (scores - low) / (high - low) if high > low else np.ones(count)
    alike = cosines(vectors)
    first = int(np.argmax(scores))
    chosen, nearest, open_ = [first], alike[first].copy(), np.ones(count, bool)
    open_[first] = False
    for _ in range(count - 1):
        value = np.where(open_, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        best = int(np.argmax(value))
        chosen.append(best)
        open_[best] = False
        np.maximum(nearest, alike[best], out=nearest)
    return np.array(chosen, np.int64)


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Cosine of each with each: (n, n); 0 with a zero vector."""
    rows = vectors.astype(np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit @ unit.T


def likeness(vectors: np.ndarray) -> float:
    """Intra-list similarity: the mean cosine of all pairs (Ziegler et al. 2005, WWW); NaN-free: 0 for fewer than two products."""
    count = len(vectors)
    if count < 2:
        return 0.0
    alike = cosines(vectors)
    return float((alike.sum() - np.trace(alike)) / (count * (count - 1)))
