"""What every click model gives: how much a product is liked by those who look at it, and who looks where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.errors import TooFewError

PRIOR = 2.0  # looks with which each product starts, at the rate of all products together


@dataclass(frozen=True)
class ClickEstimate:
    """Of K places and P pairs of a query and a product.

    Attributes:
        examination: (K,) in [0, 1]; how often a place is looked at, as a share of the first place.
        attraction: (P,) how often a product is clicked for a query when it is looked at, drawn towards the mean where looks are
            few; where acts have gains, the gain of a look.
        looks: (P,) how often it was looked at, as far as the model knows.
    """

    examination: np.ndarray
    attraction: np.ndarray
    looks: np.ndarray

    def by_query(self, log: ClickLog, *, fewest: float = 0.0) -> Iterator[tuple[str, dict[str, float]]]:
        """(query id, product id -> attraction) of the products with `fewest` looks or more; queries without any are left out."""
        starts = np.searchsorted(log.pair_query, np.arange(len(log.queries) + 1))
        products, enough = log.products[log.pair_product], self.looks >= fewest
        for query, start, end in zip(log.queries, starts[:-1], starts[1:], strict=True):
            chosen = start + np.flatnonzero(enough[start:end])
            if len(chosen):
                yield str(query), dict(zip(products[chosen].tolist(), self.attraction[chosen].tolist(), strict=True))


def shrunk(clicks: np.ndarray, looks: np.ndarray, prior: float) -> np.ndarray:
    """(P,) clicks / looks, each with `prior` more looks at the rate of all together; 0 where nobody looked and prior is 0."""
    rate = clicks.sum() / max(looks.sum(), 1e-12)
    found: np.ndarray = np.divide(clicks + prior * rate, looks + prior, out=np.zeros(len(looks)), where=looks + prior > 0)
    return found


def need_clicks(log: ClickLog) -> None:
    """Refuse a log that says nothing.

    Raises:
        TooFewError: no list, or no click.
    """
    if not log.lists or not log.clicked.any():
        raise TooFewError(
            f"{log.lists} lists with {int(log.clicked.sum())} clicks",
            allowed="at least one list with a click",
            todo="collect more behaviour first",
        )
