"""Do shoppers still find what they want on top? nDCG@10 of what was shown, by what was clicked, corrected for position.

The gain of a product for a query is what shoppers did with it, divided by how many looked: COEC (Zhang & Jones 2007, WWW,
"Comparing click logs and editorial labels for training query rewriting"), where the place at rank r is looked at with probability
r^-bias. Each side has its own gains, so that a change of taste counts as well as a change of order.

The exponent is an assumption, and shoppers who look deeper than it says would read as a fall. They do not click the first place less:
it is looked at by all, whatever the exponent. So quality has dropped only when nDCG has fallen *and* the first place is taken less
often, each more than chance explains (an intersection-union test, Berger 1982: the level of both is the level of each).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.monitoring.distances import AT_ONCE
from fuserank.monitoring.permutations import Dealt, dealings
from fuserank.monitoring.verdict import QualityChange

DEPTH = 10
HIGHEST = 3.0  # gain, of a purchase; more than one purchase by each who looks is no measurement
FEWEST_ACTS = 50  # requests with a click, cart or purchase, a side
TOLERANCE = 0.02  # a smaller fall of nDCG does not matter


@dataclass(frozen=True)
class Shown:
    """R answers that shoppers saw.

    Attributes:
        shoppers: (R,) ids; who asked.
        queries: (R,) what was asked, in words.
        products: str (R, DEPTH), best first; "" below the last.
        gains: float (R, DEPTH): of the strongest act with each, click 1, cart 2, purchase 3; 0 for none.
    """

    shoppers: np.ndarray
    queries: np.ndarray
    products: np.ndarray
    gains: np.ndarray

    def __len__(self) -> int:
        return len(self.shoppers)

    @property
    def with_acts(self) -> int:
        """How many of them something was done with."""
        return int((self.gains > 0).any(axis=1).sum())


@dataclass(frozen=True)
class MeasuredQuality:
    """Both measures under many dealings; `values` are those of reference and current as they came.

    Attributes:
        fall: of nDCG@10.
        first_fall: of the share of answers whose first product something was done with.
    """

    values: tuple[float, float]
    first: tuple[float, float]
    fall: Dealt
    first_fall: Dealt


def too_few(before: Shown, now: Shown) -> str:
    """Why two sides cannot be compared; "" when they can."""
    acts = before.with_acts, now.with_acts
    if min(acts) >= FEWEST_ACTS:
        return ""
    return f"{acts[0]} answers before and {acts[1]} now have clicks; {FEWEST_ACTS} are needed on each side"


def measure_quality(before: Shown, now: Shown, *, position_bias: float, count: int, rng: np.random.Generator) -> MeasuredQuality:
    """Compare both sides as they are and under `count` dealings of shoppers.

    Args:
        before, now: at least FEWEST_ACTS answers with acts each.
        position_bias: the exponent, 0 (all places are looked at) or more.
    """
    joined = [np.concatenate(pair) for pair in zip(_columns(before), _columns(now), strict=True)]
    shoppers, queries, products, gains = joined
    current = np.repeat([False, True], [len(before), len(now)])
    # One shopper on both sides is two units.
    units = np.unique(np.array([f"{int(side)}{who}" for side, who in zip(current, shoppers, strict=True)]), return_inverse=True)[1]
    dealt = dealings(current, units, count=count, rng=rng)
    cells = _Cells(queries, products, gains, position_bias)
    first = (gains[:, 0] > 0).astype(np.float32)
    falls, first_falls, shown = [], [], []
    rows = max(1, AT_ONCE // max(cells.size, len(first)))
    for start in range(0, len(dealt), rows):
        block = dealt[start : start + rows]
        sides = [cells.ndcg(side) for side in (1 - block, block)]
        firsts = [side @ first / np.maximum(side.sum(axis=1), 1) for side in (1 - block, block)]
        falls.append(sides[0] - sides[1])
        first_falls.append(firsts[0] - firsts[1])
        shown.append((sides[0][0], sides[1][0], firsts[0][0], firsts[1][0]))
    q, r, a, b = (float(value) for value in shown[0])
    return MeasuredQuality(
        (q, r), (a, b), Dealt(np.concatenate(falls), TOLERANCE), Dealt(np.concatenate(first_falls).astype(np.float64), 0.0)
    )


def conclude_quality(measured: MeasuredQuality, level: float, before: Shown, now: Shown) -> QualityChange:
    """Whether both have fallen, at false-alarm level `level`."""
    threshold = measured.fall.threshold(level)
    p = max(measured.fall.p, measured.first_fall.p)
    return QualityChange(
        *measured.values,
        threshold=threshold,
        p=p,
        first=measured.first,
        answers=(len(before), len(now)),
        drift=measured.fall.statistic > threshold and measured.first_fall.statistic > measured.first_fall.threshold(level),
    )


def _columns(shown: Shown) -> tuple[np.ndarray, ...]:
    return shown.shoppers.astype(str), shown.queries.astype(str), shown.products.astype(str), shown.gains


class _Cells:
    """What was shown, by query and product, ready to be summed over any choice of answers."""

    def __init__(self, queries: np.ndarray, products: np.ndarray, gains: np.ndarray, position_bias: float) -> None:
        from scipy.sparse import csr_array

        _, query = np.unique(queries, return_inverse=True)
        row, rank = np.nonzero(products != "")
        _, product = np.unique(products[row, rank], return_inverse=True)
        pairs, cell = np.unique(query[row].astype(np.int64) * (product.max(initial=0) + 1) + product, return_inverse=True)
        of_query = pairs // (product.max(initial=0) + 1)
        shape = (len(queries), len(pairs))
        discount = 1 / np.log2(2 + rank)

        def by_cell(values: np.ndarray) -> csr_array:
            return csr_array((values.astype(np.float32), (row, cell)), shape=shape)

        self._looks = by_cell((1.0 + rank) ** -position_bias)
        self._gains, self._discounts = by_cell(gains[row, rank]), by_cell(discount)
        self._asked = csr_array((np.ones(len(queries), np.float32), (np.arange(len(queries)), query)))
        count = np.bincount(of_query)
        self._place = np.full((len(count), max(DEPTH, int(count.max(initial=0)))), len(pairs))
        self._place[of_query, np.arange(len(pairs)) - np.repeat(np.cumsum(count) - count, count)] = np.arange(len(pairs))
        self._ideal = 1 / np.log2(2 + np.arange(DEPTH))

    @property
    def size(self) -> int:
        """Numbers that one choice of answers takes."""
        return int(self._place.size)

    def ndcg(self, chosen: np.ndarray) -> np.ndarray:
        """nDCG@10 over the answers to queries of which some product has a gain, for each row of `chosen`, float (P, R) of 0 and 1.

        Linear gain, discount 1 / log2(1 + rank); 0 where no product has a gain.
        """
        looks, gains, discounts, asked = (chosen @ part for part in (self._looks, self._gains, self._discounts, self._asked))
        gain = np.minimum(np.divide(gains, looks, out=np.zeros_like(gains), where=looks > 0), HIGHEST)
        padded = [np.concatenate([part, np.zeros((len(part), 1), part.dtype)], axis=1) for part in (gain, gain * discounts)]
        best = -np.sort(-np.partition(padded[0][:, self._place], -DEPTH, axis=2)[:, :, -DEPTH:], axis=2)
        ideal = best @ self._ideal
        found = padded[1][:, self._place].sum(axis=2)  # over the answers to each query
        judged = ideal > 0
        total = (asked * judged).sum(axis=1)
        value: np.ndarray = np.divide(found, ideal, out=np.zeros(found.shape), where=judged).sum(axis=1) / np.maximum(total, 1)
        return value
