"""A click log counted by pair and place: a step of an estimator costs as much as there are such cells, however long the log is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import ClickEstimate, need_clicks, shrunk
from fuserank.errors import TooFewError


@dataclass(frozen=True)
class Cells:
    """C cells, of P pairs at K places.

    Attributes:
        pair, place: int (C,), places from 0.
        shown, clicks: float (C,), how often.
    """

    pair: np.ndarray
    place: np.ndarray
    shown: np.ndarray
    clicks: np.ndarray

    @classmethod
    def of(cls, log: ClickLog) -> Cells:
        """Count.

        Raises:
            TooFewError: no click, none at the first place, or no product of a query stood at two places: then nothing tells place
                from preference.
        """
        need_clicks(log)
        codes, which = np.unique(log.pair.astype(np.int64) * log.depth + log.place - 1, return_inverse=True)
        shown = np.bincount(which, minlength=len(codes)).astype(float)
        cells = cls(codes // log.depth, codes % log.depth, shown, np.bincount(which, log.clicked, len(codes)))
        if len(codes) == len(log.pair_query) and log.depth > 1:
            raise TooFewError(
                "each product stood at the same place every time it was shown for a query",
                allowed="products at several places for the same query",
                todo="use the model cascade, or show lists in more than one order (interleaving, a canary)",
            )
        if not cells.clicks[cells.place == 0].any():
            raise TooFewError(
                "nothing was clicked at place 1, against which the others are measured",
                allowed="clicks at place 1",
                todo="check that places count from 1 at the top, or collect more behaviour",
            )
        return cells

    def estimate(self, theta: np.ndarray, pairs: int, prior: float) -> ClickEstimate:
        """The estimate whose examination is `theta` (K,): attraction is clicks per look, shrunk by `prior` looks."""
        looks, clicks = self.by_pair(self.shown * theta[self.place], pairs), self.by_pair(self.clicks, pairs)
        return ClickEstimate(theta, np.minimum(shrunk(clicks, looks, prior), 1.0), looks)

    def by_pair(self, values: np.ndarray, pairs: int) -> np.ndarray:
        """(C,) -> (P,) sums."""
        return np.bincount(self.pair, values, pairs)

    def by_place(self, values: np.ndarray, places: int) -> np.ndarray:
        """(C,) -> (K,) sums."""
        return np.bincount(self.place, values, places)
