"""What a service gives for a request: an order of candidates, and the answer that was made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.features import QueryFeatures
from fuserank.messages import RankResponse
from fuserank.serving.stock import Stock


@dataclass(frozen=True)
class Scored:
    """The order of some candidates.

    Attributes:
        words: looked up.
        rows: of the stock.
        scores: finite, one for each of `rows`.
        degraded: what was left out.
        probabilities: of relevance, one for each of `rows`; None where the scores are no model's, or it has no calibration.
        queries: features of the query; None where there was no time for them.
    """

    words: str
    rows: np.ndarray
    scores: np.ndarray
    degraded: list[str]
    probabilities: np.ndarray | None = None
    queries: QueryFeatures | None = None


@dataclass(frozen=True)
class Answered:
    """An answer and what it was made of, for the log.

    Attributes:
        teams: of an interleaved answer, who picked each product.
    """

    response: RankResponse
    scored: Scored
    stock: Stock
    teams: tuple[str, ...] | None = None
