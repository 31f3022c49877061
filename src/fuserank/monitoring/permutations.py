"""What would a comparison show if nothing had drifted? Deal the rows of both sides anew and look.

If nothing has drifted, what stands on which side is chance, and any other dealing could have come as well. So the distance between
the sides as they are must be among the largest of many random dealings before it is called drift. That holds for any distance, any
number of rows and any distribution (permutation test; Fisher 1935; Phipson & Smyth 2010 on the +1).

Rows of one shopper are dealt together: they are not independent, and one busy shopper, or a bot, is no drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dealt:
    """One comparison as it came and under P dealings.

    Attributes:
        values: float (1 + P,); the first is the comparison itself, larger is further apart.
        floor: differences up to this are too small to matter, even where they can be shown.
    """

    values: np.ndarray
    floor: float

    @property
    def statistic(self) -> float:
        """Of the sides as they are."""
        return float(self.values[0])

    @property
    def p(self) -> float:
        """Probability of such a distance or a larger one without drift, in (0, 1]."""
        return float((self.values[1:] >= self.values[0]).sum() + 1) / len(self.values)

    def threshold(self, level: float) -> float:
        """What is exceeded with probability `level` at most without drift, and is never below the floor."""
        rank = int(level * len(self.values) + 1e-9)
        if rank < 1:
            return float("inf")
        return max(self.floor, float(np.partition(self.values[1:], -rank)[-rank]))


def dealings(current: np.ndarray, units: np.ndarray, *, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which rows are dealt to the current side: float32 (1 + count, N), 1 or 0; the first row is as it came.

    Args:
        current: bool (N,), which rows are of the current side.
        units: (N,), rows with the same number are dealt together; a unit has rows of one side only.
        count: P, random dealings.
        rng: of the dealings.
    """
    _, first, unit_of = np.unique(units, return_index=True, return_inverse=True)
    ours = current[first]
    dealt = np.empty((1 + count, len(first)), np.float32)
    dealt[0] = ours
    now = int(ours.sum())
    if now:
        draws = rng.random((count, len(first)), np.float32)
        dealt[1:] = draws <= np.partition(draws, now - 1, axis=1)[:, now - 1 : now]
    else:
        dealt[1:] = 0
    return dealt if len(first) == len(units) and (unit_of == np.arange(len(units))).all() else dealt[:, unit_of]
