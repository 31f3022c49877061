"""Do shoppers find what they want as far up as before? nDCG from clicks, corrected for position.

    quality = Σ (g_k / e_k) · d_k  /  Σ (g_k / e_k)        over all acts; d_k = 1 / log2(1 + k), e_k = k^-bias

A click at rank k was seen with probability e_k, so it stands for 1 / e_k wishes (inverse propensity, Joachims et al. 2017, WSDM,
"Unbiased learning-to-rank with biased feedback"); quality is the mean discount of a wish. It is 1 when all that is wanted stands on
top. That the propensities are k^-bias is an assumption: where shoppers look deeper than that, quality reads too low on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DEPTH, FEWEST = 10, 50  # ranks that count; shoppers who act, a side
TOLERANCE = 0.02  # a smaller fall is none
PERMUTATIONS = 2000


@dataclass(frozen=True)
class QualityChange:
    """Quality from feedback on both sides.

    Attributes:
        reference, current: quality, 0..1; None where too few shoppers acted.
        p: of a fall as large by chance (permutation of shoppers, one-sided); None likewise.
        shoppers: who acted, of reference and current.
        drift: it fell by more than TOLERANCE, and p is below the level.
        note: why it was not compared, "" when it was.
    """

    reference: float | None
    current: float | None
    p: float | None
    shoppers: tuple[int, int]
    drift: bool
    note: str = ""


Sums = Mapping[str, tuple[float, float]]  # shopper -> sums of (g / e) d and of g / e


def wishes(ranks: Sequence[int], gains: Sequence[float], *, position_bias: float) -> tuple[float, float]:
    """(Σ (g / e) d, Σ g / e) over acts at ranks 1 .. DEPTH.

    Args:
        ranks: from 1.
        gains: of the acts, one for each rank.
    """
    k, g = np.asarray(ranks, float), np.asarray(gains, float)
    k, g = k[k <= DEPTH], g[k <= DEPTH]
    worth = g * k**position_bias
    return float((worth / np.log2(1 + k)).sum()), float(worth.sum())


def compare_quality(reference: Sums, current: Sums, *, alpha: float, seed: int = 0) -> QualityChange:
    """Whether quality fell.

    Args:
        reference, current: of shoppers who acted; of one who stands on both sides each side counts by itself.
        alpha: false-alarm level.
        seed: of the permutations.
    """
    before, after = (np.array(list(side.values()), float).reshape(-1, 2) for side in (reference, current))
    counts = (len(before), len(after))
    if min(counts) < FEWEST:
        note = f"{counts[0]} shoppers acted before, {counts[1]} now; {FEWEST} are needed on each side"
        return QualityChange(None, None, None, counts, False, note)
    both, rng = np.concatenate([before, after]), np.random.default_rng(seed)
    was, now = _quality(before), _quality(after)
    falls = []
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(both))
        falls.append(_quality(both[order[: counts[0]]]) - _quality(both[order[counts[0] :]]))
    p = (1 + sum(fall >= was - now for fall in falls)) / (1 + PERMUTATIONS)
    return QualityChange(was, now, p, counts, was - now > TOLERANCE and p <= alpha)


def _quality(sums: np.ndarray) -> float:
    return float(sums[:, 0].sum() / sums[:, 1].sum())
