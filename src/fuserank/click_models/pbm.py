"""Position-based model: P(click) = θ_place γ_query,product (Craswell, Zoeter, Taylor & Ramsey 2008, WSDM).

θ and γ only enter as a product, so θ of the first place is 1 by convention, and γ is how often a product is clicked there. They can
be told apart only where products of a query stood at several places.

Clicks are counted as a Poisson regression with an effect for each pair counts them. Its equations, "as many clicks at each place,
and on each pair, as expected", hold for any law of clicks with this mean, and the effects of the pairs drop out of those of the
places (Hausman, Hall & Griliches 1984, Econometrica; Wooldridge 1999, Journal of Econometrics). So θ is consistent however few
looks each pair has, where maximum likelihood (`fuserank.click_models.pbm_em`) is not. They are solved by the multiplicative steps
of Lee & Seung 2001 (NIPS), which are EM for such counts, at rank one: some ten steps.
"""

from __future__ import annotations

import numpy as np

from fuserank.click_models.cells import Cells
from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import PRIOR, ClickEstimate

STEPS = 500
CLOSE = 1e-9  # largest change of a θ in a step at which the steps end


def position_based(log: ClickLog) -> ClickEstimate:
    """θ may exceed 1 by chance, where a lower place is looked at as often as the first; it is cut there.

    Raises:
        TooFewError: as `Cells.of`.
    """
    cells, pairs, depth = Cells.of(log), len(log.pair_query), log.depth
    clicks_of, clicks_at = cells.by_pair(cells.clicks, pairs), cells.by_place(cells.clicks, depth)
    theta = 1.0 / np.arange(1, depth + 1)
    for _ in range(STEPS):
        gamma = _over(clicks_of, cells.by_pair(cells.shown * theta[cells.place], pairs))
        after = _over(clicks_at, cells.by_place(cells.shown * gamma[cells.pair], depth))
        after /= after[0]
        moved, theta = float(np.abs(after - theta).max()), after
        if moved < CLOSE:
            break
    return cells.estimate(np.minimum(theta, 1.0), pairs, PRIOR)


def _over(clicks: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """clicks / expected; 0 where nothing is expected, as of pairs that were shown only at places that nobody clicked."""
    return np.divide(clicks, expected, out=np.zeros(len(clicks)), where=expected > 0)
