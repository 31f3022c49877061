"""Where nDCG@k is lost on one query: parts that sum to 1 - nDCG, and the products that would have brought the gain.

The loss is first the order among the products shown, then the choice of them. With the k shown in their best order, the ideal
grade at each place is at least the grade there, so every place loses something or nothing, and says how far off it was. All linear
gain, discount 1 / log2(1 + rank).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

K = 10


@dataclass(frozen=True)
class LostGain:
    """Parts of 1 - nDCG@k, each >= 0; they sum to it.

    Attributes:
        order: would be won by ordering the k products shown by grade.
        near: places whose product is one grade below the ideal, and judged above 0.
        far: places whose product is further below, and judged above 0.
        irrelevant: places whose product has grade 0, or is judged not at all.
    """

    order: float
    near: float
    far: float
    irrelevant: float

    @property
    def choice(self) -> float:
        """What other products at the same places would win."""
        return self.near + self.far + self.irrelevant

    @property
    def whole(self) -> float:
        """1 - nDCG@k."""
        return self.order + self.choice


def lost_gain(scores: np.ndarray, grades: np.ndarray, k: int = K) -> LostGain:
    """The parts of one query's loss.

    Args:
        scores: (N,) finite; ties keep the order of the slate.
        grades: (N,) >= 0, one of them above 0.
    """
    shown = grades[ranking(scores)[:k]]
    best, ideal = np.sort(shown)[::-1], np.sort(grades)[::-1][:k]
    discount = 1 / np.log2(np.arange(2, len(shown) + 2))
    discount = discount / (ideal @ discount)
    lost = discount * (ideal - best)
    near, irrelevant = (best > 0) & (ideal - best == 1), best == 0
    return LostGain(
        order=float(discount @ (best - shown)),
        near=float(lost[near].sum()),
        far=float(lost[~near & ~irrelevant].sum()),
        irrelevant=float(lost[irrelevant].sum()),
    )


def missed(scores: np.ndarray, grades: np.ndarray, k: int = K) -> tuple[np.ndarray, np.ndarray]:
    """Products outside the first k that an ideal k would show; both arrays are empty when no other choice would win anything.

    Args:
        scores, grades: as of `lost_gain`.

    Returns:
        candidates, best ranked first, and of each the probability that it fills a place, when the ideal k keep of those shown what
        they can and draw the rest evenly among equal grades; the probabilities of a grade sum to the places that it lacks.
    """
    order = ranking(scores)
    shown, ideal, rest = grades[order[:k]], np.sort(grades)[::-1][:k], order[k:]
    weights = np.zeros(len(rest))
    for grade in np.unique(ideal):
        lacking = int((ideal == grade).sum() - (shown == grade).sum())
        outside = grades[rest] == grade
        if lacking > 0:
            weights[outside] = lacking / outside.sum()
    return rest[weights > 0], weights[weights > 0]


def ranking(scores: np.ndarray) -> np.ndarray:
    """(N,) candidates, best first; ties keep the order of the slate."""
    return np.argsort(-scores, kind="stable")
