"""What clicks weigh in training: as they are, by impression, or by inverse propensity.

A click is divided by the probability that its product was looked at. For a list of fixed order that is the θ of its place
(Joachims, Swaminathan & Schnabel 2017, WSDM, "Unbiased learning-to-rank with biased feedback"). Where the same query was answered
by many lists, it is the mean of θ over them (Oosterhuis & de Rijke 2020, SIGIR, "Policy-aware unbiased learning to rank for top-k
rankings"): then clicks of a product over its looks, and what was shown seldom is not punished for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.pbm import position_based
from fuserank.plugins import PluginTable

CLIP = 1.0  # looks: what fewer have looked at counts as if one had, so that one lucky click at the end of a list does not rule

Weighting = Callable[[ClickLog], np.ndarray]


def counted(log: ClickLog) -> np.ndarray:
    """(P,) clicks of each pair: the naive reading."""
    return np.bincount(log.pair, log.clicked, len(log.pair_query))


def by_impression(log: ClickLog) -> np.ndarray:
    """(P,) clicks over impressions: right about how often a product was shown, naive about where."""
    return counted(log) / np.bincount(log.pair, minlength=len(log.pair_query))


def by_inverse_propensity(log: ClickLog) -> np.ndarray:
    """(P,) clicks over looks, by the propensities of the position-based model, clipped.

    Raises:
        TooFewError: as `position_based`.
    """
    looks = np.bincount(log.pair, position_based(log).examination[log.place - 1], len(log.pair_query))
    return counted(log) / np.maximum(looks, CLIP)


WEIGHTINGS: PluginTable[Weighting] = PluginTable(
    "weighting of clicks", {"naive": counted, "rate": by_impression, "ipw": by_inverse_propensity}
)


def graded(log: ClickLog, weights: np.ndarray, max_grade: float) -> dict[str, dict[str, float]]:
    """query id -> product id -> grade, such that gains 2^grade - 1 are in proportion to weights, and the highest of a query is
    `max_grade`; queries without a click are left out. So the softmax loss is the one whose clicks are weighted.

    Args:
        weights: (P,) >= 0.
    """
    highest = np.zeros(len(log.queries))
    np.maximum.at(highest, log.pair_query, weights)
    of_pair = highest[log.pair_query]
    share = np.divide(weights, of_pair, out=np.zeros(len(weights)), where=of_pair > 0)
    grades, found = np.log2(1 + share * (2**max_grade - 1)), dict[str, dict[str, float]]()
    for pair in np.flatnonzero(of_pair > 0).tolist():
        query, product = log.queries[log.pair_query[pair]], log.products[log.pair_product[pair]]
        found.setdefault(query, {})[product] = float(grades[pair])
    return found
