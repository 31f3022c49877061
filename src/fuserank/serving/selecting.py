"""Which products a rule's selector means: asked of a stock once, then looked up."""

from __future__ import annotations

import numpy as np

from fuserank.merchandising import Selector
from fuserank.messages import Filters
from fuserank.serving.stock import Stock

KEPT = 256  # selectors remembered, a byte a product each


class Selecting:
    """Remembers what selectors mean in the latest stock."""

    def __init__(self) -> None:
        self._masks: tuple[Stock | None, dict[Selector, np.ndarray]] = (None, {})

    def among(self, stock: Stock, selector: Selector, rows: np.ndarray, *, lasting: bool) -> np.ndarray:
        """Which of `rows` are meant: bool (n,).

        Args:
            lasting: the stock will be asked again, so its answer is kept.
        """
        if not lasting:
            return meant(stock, selector)[rows]
        known, masks = self._masks
        if known is not stock:
            masks = {}
            self._masks = (stock, masks)
        mask = masks.get(selector)
        if mask is None:
            if len(masks) >= KEPT:
                masks.clear()
            mask = masks[selector] = meant(stock, selector)
        return mask[rows]


def meant(stock: Stock, selector: Selector) -> np.ndarray:
    """Which products of a stock a selector means: bool (N,)."""
    limits = selector.model_dump(include={"categories", "brands", "min_price", "max_price"})
    mask: np.ndarray | None = None
    if any(value is not None for value in limits.values()):
        named = {name: list(limits[name]) if limits[name] is not None else None for name in ("categories", "brands")}
        # The request's filters ask the same questions; a rule may name more than a request.
        mask = stock.passing(Filters.model_construct(**(limits | named), locales=None))
    if mask is None:
        mask = np.ones(len(stock.catalogue), bool)
    if selector.ids is not None:
        mine = np.zeros(len(mask), bool)
        mine[[row for row in map(stock.catalogue.row_of.get, selector.ids) if row is not None]] = True
        mask = mask & mine
    return mask
