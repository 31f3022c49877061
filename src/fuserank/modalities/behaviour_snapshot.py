"""What the log says of products at a moment: popularity, neighbours in baskets, and factors of alternating least squares.

Item neighbours: Sarwar et al. 2001, WWW. Factors: Hu, Koren & Volinsky 2008, ICDM, both by the library `implicit`. The constants
were chosen on a validation period of real purchases (docs/data.md, online_retail), never on a test period.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.modalities.shopping_log import DAY, ShoppingLog

RECENT_DAYS = 14  # what counts as popular now
NEIGHBOURS = 20  # of each product
FACTORS = 64
HALF_LIFE_DAYS = 90.0  # an event of that age counts half
CONFIDENCE = 4.0  # an event of today weighs 1 + CONFIDENCE where no event weighs 1
REGULARISATION = 1.0
SWEEPS = 15


@dataclass(frozen=True)
class Snapshot:
    """Statistics of all events strictly before `moment`, over N products.

    Attributes:
        moment: milliseconds since 1970; as int64 ().
        popularity: float32 (N, 2) in [0, 1]: logarithms of the number of shoppers, recently and ever, over the largest one.
        neighbour_rows: int32 (N, K): the K products whose baskets are most like this one's; itself is not among them.
        neighbour_cosines: float32 (N, K) in [0, 1]; 0 fills up.
        factors: float32 (N, F); 0 for a product without events.
    """

    moment: np.ndarray
    popularity: np.ndarray
    neighbour_rows: np.ndarray
    neighbour_cosines: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, log: ShoppingLog, moment: int) -> Snapshot:
        """Count and fit on `log` up to `moment`; the same log gives the same numbers."""
        past = log.before(moment)
        popularity = [_log_share(part.shoppers_of_products()) for part in (past.since(moment - RECENT_DAYS * DAY), past)]
        rows, cosines = _neighbours(past)
        return cls(np.array(moment, np.int64), np.stack(popularity, axis=1), rows, cosines, _factors(past, moment))

    def neighbour_scores(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Σ_j w_j cos(j, i) over a history's products `rows` (h,) with `weights` (h,), over the largest: float32 (N,) in [0, 1]."""
        found = self.neighbour_cosines[rows] * weights[:, None]
        sums = np.bincount(self.neighbour_rows[rows].ravel(), found.ravel(), minlength=len(self.factors))
        return (sums / max(sums.max(initial=0), 1e-9)).astype(np.float32)

    def taste(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The factors (F,) of a shopper with that history: the step of alternating least squares for one shopper.

        u = (VᵀV + Vᵀ(C − 1)V + λI)⁻¹ Vᵀ C p, with the confidence C = 1 + CONFIDENCE · w and p = 1 on the history.
        """
        own, confidence = self.factors[rows].astype(np.float64), 1 + CONFIDENCE * weights
        system = self._gram + (own * (confidence - 1)[:, None]).T @ own
        return np.linalg.solve(system, own.T @ confidence).astype(np.float32)

    @cached_property
    def _gram(self) -> np.ndarray:
        factors = self.factors.astype(np.float64)
        return factors.T @ factors + REGULARISATION * np.eye(factors.shape[1])

    def save(self, folder: Path) -> None:
        """Write one .npy file for each array into an existing folder."""
        for field in fields(self):
            np.save(folder / f"{field.name}.npy", getattr(self, field.name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Snapshot:
        """Read what `save` wrote, memory-mapped; raises OSError or ValueError for what is not complete."""
        arrays = {f.name: np.load(folder / f"{f.name}.npy", mmap_mode="r", allow_pickle=False) for f in fields(cls)}
        if len({len(array) for name, array in arrays.items() if name != "moment"}) != 1:
            raise ValueError("arrays of different length")
        return cls(**arrays)


def decayed(times: np.ndarray, moment: int) -> np.ndarray:
    """Weights of events by age: 1 at `moment`, half after HALF_LIFE_DAYS: float32 (h,) in (0, 1]."""
    return np.exp2(-(moment - times) / (HALF_LIFE_DAYS * DAY)).astype(np.float32)


def _log_share(counts: np.ndarray) -> np.ndarray:
    logs = np.log1p(counts)
    return (logs / max(logs.max(initial=0), 1e-9)).astype(np.float32)


def _neighbours(log: ShoppingLog) -> tuple[np.ndarray, np.ndarray]:
    """`neighbour_rows` and `neighbour_cosines`, from the products of each basket."""
    rows = np.zeros((log.count, NEIGHBOURS), np.int32)
    cosines = np.zeros((log.count, NEIGHBOURS), np.float32)
    if not len(log):
        return rows, cosines
    from implicit.nearest_neighbours import ItemItemRecommender
    from sklearn.preprocessing import normalize

    model = ItemItemRecommender(K=NEIGHBOURS + 1, num_threads=1)  # one more: a product is its own nearest neighbour
    baskets = log.by_basket().astype(np.float64)  # the library wants doubles in rows
    model.fit(normalize(baskets, axis=0).tocsr(), show_progress=False)
    for row in range(log.count):
        part = slice(model.similarity.indptr[row], model.similarity.indptr[row + 1])
        near, cosine = model.similarity.indices[part], model.similarity.data[part]
        others = np.flatnonzero(near != row)
        others = others[np.lexsort((near[others], -cosine[others]))][:NEIGHBOURS]
        rows[row, : len(others)], cosines[row, : len(others)] = near[others], cosine[others]
    return rows, cosines


def _factors(log: ShoppingLog, moment: int) -> np.ndarray:
    """Factors of the products (N, FACTORS), fitted on one thread so that they are the same every time."""
    factors = np.zeros((log.count, FACTORS), np.float32)
    if not len(log):
        return factors
    from implicit.als import AlternatingLeastSquares

    weights = log.by_shopper(decayed(log.times, moment))
    weights.data = 1 + CONFIDENCE * weights.data
    with threadpool_limits(1):  # the library looks at the threads, and warns, as soon as a model is made
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=REGULARISATION, iterations=SWEEPS, num_threads=1, random_state=0
        )
        model.fit(weights, show_progress=False)
    taken = np.unique(log.rows)
    factors[taken] = model.item_factors[taken]
    return factors
