"""Lists that shoppers saw and what they clicked, as flat arrays: 20 bytes for each product shown.

R lists, I products shown in them, Q queries, D products, P pairs of a query and a product that were shown together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

GAINS = {"click": 1, "add_to_cart": 2, "purchase": 3}  # the highest of a product counts; an impression says nothing
HIGHEST = max(GAINS.values())
LISTS = 10  # of one shopper that are the same deed again and again: no person does that
FEWEST_SHOWN = 2  # products that a list must hold for "clicked all" to mean something


@dataclass(frozen=True)
class ClickLog:
    """What was shown and what was done with it.

    Attributes:
        queries, products: str (Q,), (D,); their ids.
        query, shopper: int (R,), rows in `queries`, and who saw the list.
        row: int (I,) ascending; the list that a product stood in.
        place: int (I,), 1 is the top; ascending within a list.
        product: int (I,), rows in `products`.
        gain: float (I,), of the strongest act with it, see GAINS; 0 for none.
    """

    queries: np.ndarray
    products: np.ndarray
    query: np.ndarray
    shopper: np.ndarray
    row: np.ndarray
    place: np.ndarray
    product: np.ndarray
    gain: np.ndarray

    @property
    def lists(self) -> int:
        """R."""
        return len(self.query)

    @property
    def depth(self) -> int:
        """The lowest place that something stood at; 0 for an empty log."""
        return int(self.place.max(initial=0))

    @property
    def clicked(self) -> np.ndarray:
        """(I,) bool: something was done with it."""
        return self.gain > 0

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        codes = self.query[self.row].astype(np.int64) * max(1, len(self.products)) + self.product
        found, which = np.unique(codes, return_inverse=True)
        return found, which.astype(np.int32)

    @property
    def pair(self) -> np.ndarray:
        """(I,) which of the P pairs each is."""
        return self._pairs[1]

    @property
    def pair_query(self) -> np.ndarray:
        """(P,) rows in `queries`, ascending."""
        return self._pairs[0] // max(1, len(self.products))

    @property
    def pair_product(self) -> np.ndarray:
        """(P,) rows in `products`."""
        return self._pairs[0] % max(1, len(self.products))

    def take(self, kept: np.ndarray) -> ClickLog:
        """The log of some lists; (R,) bool."""
        inside = kept[self.row]
        renumbered = np.cumsum(kept) - 1
        return ClickLog(
            self.queries,
            self.products,
            self.query[kept],
            self.shopper[kept],
            renumbered[self.row[inside]].astype(self.row.dtype),
            self.place[inside],
            self.product[inside],
            self.gain[inside],
        )

    def of_queries(self, chosen: set[str]) -> ClickLog:
        """The log of the lists of some queries, by id."""
        wanted = np.fromiter((query in chosen for query in self.queries), bool, len(self.queries))
        return self.take(wanted[self.query])

    def once(self) -> ClickLog:
        """Each shopper's first list of each query: a thousand requests of one weigh as much as one."""
        codes = self.query.astype(np.int64) * (int(self.shopper.max(initial=0)) + 1) + self.shopper
        kept = np.zeros(self.lists, bool)
        kept[np.unique(codes, return_index=True)[1]] = True
        return self.take(kept)

    def without_robots(self) -> ClickLog:
        """Leave out shoppers with LISTS lists or more who clicked all of each, or the same single place in each."""
        shown = np.bincount(self.row, minlength=self.lists)
        clicks = np.bincount(self.row, self.clicked, self.lists)
        where = np.bincount(self.row, self.clicked * self.place, self.lists)  # the place, of a list with one click
        count = int(self.shopper.max(initial=-1)) + 1
        lists = np.bincount(self.shopper, minlength=count)
        all_clicked = np.bincount(self.shopper, (clicks == shown) & (shown >= FEWEST_SHOWN), count) == lists
        once_each = np.bincount(self.shopper, clicks == 1, count) == lists
        lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(lowest, self.shopper, where)
        np.maximum.at(highest, self.shopper, where)
        robots = (lists >= LISTS) & (all_clicked | (once_each & (lowest == highest)))
        return self.take(~robots[self.shopper])
