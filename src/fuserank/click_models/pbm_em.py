"""Position-based model by the textbook's EM (Chuklin, Markov & de Rijke 2015, "Click Models for Web Search", sections 3.4 and 4.3).

A click says that the shopper looked. Of a product that was not clicked the chance that it was looked at, or would have pleased,
follows from what is believed so far. This is maximum likelihood with one γ for each pair: where pairs have few looks, each γ
follows its own chance clicks, and low places seem to be looked at more than they are. A prior on γ is no cure: it draws the good
products, which stand on top, down, and low places then seem to be looked at far less. So none is used for θ.
"""

from __future__ import annotations

import numpy as np

from fuserank.click_models.cells import Cells
from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import PRIOR, ClickEstimate, shrunk

STEPS = 3000
CLOSE = 1e-7  # largest change of a θ in a step at which the steps end
LOWEST = 1e-6


def position_based_em(log: ClickLog) -> ClickEstimate:
    """θ and γ from θ = 1 / place on.

    Raises:
        TooFewError: as `Cells.of`.
    """
    cells, pairs = Cells.of(log), len(log.pair_query)
    theta = 1.0 / np.arange(1, log.depth + 1)
    looks = cells.by_pair(cells.shown * theta[cells.place], pairs)
    gamma = shrunk(cells.by_pair(cells.clicks, pairs), looks, PRIOR).clip(LOWEST, 1 - LOWEST)
    for _ in range(STEPS):
        after, gamma = _step(cells, theta, gamma)
        moved, theta = float(np.abs(after - theta).max()), after
        if moved < CLOSE:
            break
    return cells.estimate(np.minimum(theta / max(theta[0], LOWEST), 1.0), pairs, PRIOR)


def _step(cells: Cells, theta: np.ndarray, gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of EM: θ and γ after it."""
    places, pairs = len(theta), len(gamma)
    looked, liked = theta[cells.place], gamma[cells.pair]
    without = (cells.shown - cells.clicks) / np.maximum(1 - looked * liked, 1e-12)  # not clicked, over its probability
    looks = cells.by_place(cells.clicks + without * looked * (1 - liked), places)
    likes = cells.by_pair(cells.clicks + without * liked * (1 - looked), pairs)
    shown_at = cells.by_place(cells.shown, places)
    after = np.divide(looks, shown_at, out=np.zeros(places), where=shown_at > 0)
    top = max(float(after.max()), LOWEST)
    # The scale that is taken from θ goes to γ, so that the product stays.
    return after / top, (likes / cells.by_pair(cells.shown, pairs) * top).clip(LOWEST, 1 - LOWEST)
