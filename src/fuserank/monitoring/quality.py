"""Do shoppers still find what they want on top? nDCG@10 of what was shown, by what was clicked, corrected for position.

The gain of a product for a query is what shoppers did with it, divided by how many looked: COEC (Zhang & Jones 2007, WWW,
"Comparing click logs and editorial labels for training query rewriting"), where the place at rank r is looked at with probability
r^-bias. Each side has its own gains, so that a change of taste counts as well as a change of order.

The exponent is an assumption, and shoppers who look deeper than it says would read as a fall. They do not click the first place
less: it is looked at by all, whatever the exponent. So quality has dropped only when nDCG has fallen *and* the first place is taken
less often, each more than chance explains (an intersection-union test, Berger 1982: the level of both is the level of each).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from fuserank.click_models.coec import gain_of_a_look, looked_at
from fuserank.monitoring.distances import AT_ONCE
from fuserank.monitoring.permutations import Dealt, dealings
from fuserank.monitoring.verdict import QualityChange

DEPTH = 10
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
    def columns(self) -> tuple[np.ndarray, ...]:
        """All of them, in order."""
        return self.shoppers, self.queries, self.products, self.gains

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
    dealt = _dealt(before, now, count=count, rng=rng)
    cells = _Cells(_joined(*_as_busy(before, now, rng)), position_bias)
    ndcg = np.concatenate([np.stack([cells.ndcg(1 - block), cells.ndcg(block)], axis=1) for block in _blocks(dealt, cells.size)])
    taken = (_joined(before, now).gains[:, 0] > 0).astype(np.float32)
    first = np.stack([side @ taken / np.maximum(side.sum(axis=1), 1) for side in (1 - dealt, dealt)], axis=1)
    return MeasuredQuality(
        (float(ndcg[0, 0]), float(ndcg[0, 1])),
        (float(first[0, 0]), float(first[0, 1])),
        Dealt(ndcg[:, 0] - ndcg[:, 1], TOLERANCE),
        Dealt(first[:, 0].astype(np.float64) - first[:, 1], 0.0),
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


def _as_busy(before: Shown, now: Shown, rng: np.random.Generator) -> list[Shown]:
    """Both sides with as many acts an answer: of the busier one some are left out.

    From fewer acts come noisier gains, whose ideal order is further above what was shown: nDCG would fall with the traffic.
    """
    rates = [float((side.gains > 0).sum() / max(1, len(side))) for side in (before, now)]
    kept = [rng.random(side.gains.shape) < min(rates) / max(rate, 1e-9) for side, rate in zip((before, now), rates, strict=True)]
    return [replace(side, gains=side.gains * keep) for side, keep in zip((before, now), kept, strict=True)]


def _joined(before: Shown, now: Shown) -> Shown:
    return Shown(*(np.concatenate(pair) for pair in zip(before.columns, now.columns, strict=True)))


def _dealt(before: Shown, now: Shown, *, count: int, rng: np.random.Generator) -> np.ndarray:
    """Dealings of shoppers; one who stands on both sides is two."""
    places = [np.unique(side.shoppers.astype(str), return_inverse=True)[1] for side in (before, now)]
    units = np.concatenate([places[0], places[0].max(initial=-1) + 1 + places[1]])
    return dealings(np.repeat([False, True], [len(before), len(now)]), units, count=count, rng=rng)


def _blocks(dealt: np.ndarray, size: int) -> Iterator[np.ndarray]:
    rows = max(1, AT_ONCE // max(1, size))
    return (dealt[start : start + rows] for start in range(0, len(dealt), rows))


class _Cells:
    """What was shown, by query and product, ready to be summed over any choice of answers."""

    def __init__(self, shown: Shown, position_bias: float) -> None:
        from scipy.sparse import csr_array

        queries, products, gains = shown.queries.astype(str), shown.products.astype(str), shown.gains
        _, query = np.unique(queries, return_inverse=True)
        row, rank = np.nonzero(products != "")
        _, product = np.unique(products[row, rank], return_inverse=True)
        width = int(product.max(initial=0)) + 1
        pairs, cell = np.unique(query[row].astype(np.int64) * width + product, return_inverse=True)
        of_query = pairs // width
        shape = (len(queries), len(pairs))
        discount = 1 / np.log2(2 + rank)

        def by_cell(values: np.ndarray) -> csr_array:
            return csr_array((values.astype(np.float32), (row, cell)), shape=shape)

        self._looks = by_cell(looked_at(1 + rank, position_bias))
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
        gain = gain_of_a_look(gains, looks)
        padded = [np.concatenate([part, np.zeros((len(part), 1), part.dtype)], axis=1) for part in (gain, gain * discounts)]
        best = -np.sort(-np.partition(padded[0][:, self._place], -DEPTH, axis=2)[:, :, -DEPTH:], axis=2)
        ideal = best @ self._ideal
        found = padded[1][:, self._place].sum(axis=2)  # over the answers to each query
        judged = ideal > 0
        total = (asked * judged).sum(axis=1)
        value: np.ndarray = np.divide(found, ideal, out=np.zeros(found.shape), where=judged).sum(axis=1) / np.maximum(total, 1)
        return value
