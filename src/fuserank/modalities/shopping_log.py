"""What shoppers took, as arrays: the log that popularity, neighbours and factors are counted from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

DAY = 86_400_000  # milliseconds


@dataclass(frozen=True)
class ShoppingLog:
    """E events in time order.

    Attributes:
        count: N products.
        rows: int64 (E,), the product.
        shoppers: int64 (E,), codes from 0.
        baskets: int64 (E,), codes from 0; a basket is one session of one shopper.
        times: int64 (E,), milliseconds since 1970, ascending.
    """

    count: int
    rows: np.ndarray
    shoppers: np.ndarray
    baskets: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def before(self, moment: int) -> ShoppingLog:
        """The events strictly before a moment."""
        return self._slice(0, int(np.searchsorted(self.times, moment)))

    def since(self, moment: int) -> ShoppingLog:
        """The events at a moment or after it."""
        return self._slice(int(np.searchsorted(self.times, moment)), len(self))

    def shoppers_of_products(self) -> np.ndarray:
        """How many shoppers took each product: int64 (N,)."""
        pairs = np.unique(self.shoppers * self.count + self.rows)
        return np.bincount(pairs % self.count, minlength=self.count)

    def by_basket(self) -> csr_matrix:
        """(baskets, N) float32: 1 where the product was in the basket."""
        matrix = self._matrix(self.baskets, np.ones(len(self), np.float32))
        matrix.data[:] = 1
        return matrix

    def by_shopper(self, weights: np.ndarray) -> csr_matrix:
        """(shoppers, N) float32: the sum of the weights (E,) of a shopper's events of a product."""
        return self._matrix(self.shoppers, weights)

    def _matrix(self, codes: np.ndarray, values: np.ndarray) -> csr_matrix:
        from scipy.sparse import coo_matrix

        shape = (int(codes.max(initial=-1)) + 1, self.count)
        return coo_matrix((values.astype(np.float32), (codes, self.rows)), shape=shape).tocsr()  # equal places are summed

    def _slice(self, start: int, stop: int) -> ShoppingLog:
        part = slice(start, stop)
        return ShoppingLog(self.count, self.rows[part], self.shoppers[part], self.baskets[part], self.times[part])
