"""Affinities: which kind of product a shopper comes back to more than shoppers do on the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fuserank.types import Interaction, Product

TAKEN = ("click", "add_to_cart", "purchase")  # an impression is the shop's act, not the shopper's
BANDS = 4


@dataclass(frozen=True)
class Leaning:
    """One kind of product.

    Attributes:
        kind: category or price band.
        events: that took a product of the kind.
        share: of all events, in [0, 1].
        returned: of the pairs of successive events of one shopper whose first is of the kind, the share whose second is too; None
            without such a pair.
        lift: returned / share: 1 is what chance gives, above 1 shoppers have an affinity.
    """

    kind: str
    events: int
    share: float
    returned: float | None
    lift: float | None


def leanings(events: Iterable[Interaction], kind_of: Mapping[str, str]) -> list[Leaning]:
    """Kinds, the most frequent first (by name of equals).

    Args:
        events: in time order; impressions are left out.
        kind_of: product id -> kind; an event whose product has none is left out.
    """
    counts: Counter[str] = Counter()
    firsts: Counter[str] = Counter()
    stayed: Counter[str] = Counter()
    last: dict[str, str] = {}
    for event in events:
        kind = kind_of.get(event.product_id)
        if event.action not in TAKEN or kind is None:
            continue
        counts[kind] += 1
        if before := last.get(event.user_id):
            firsts[before] += 1
            stayed[before] += before == kind
        last[event.user_id] = kind
    whole = sum(counts.values())
    found = []
    for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        returned = stayed[kind] / firsts[kind] if firsts[kind] else None
        found.append(Leaning(kind, count, count / whole, returned, None if returned is None else returned * whole / count))
    return found


def categories(products: Iterable[Product]) -> dict[str, str]:
    """product id -> category, of those that have one."""
    return {product.product_id: product.category for product in products if product.category}


def price_bands(products: Iterable[Product]) -> dict[str, str]:
    """product id -> one of BANDS bands with as many products of the catalogue in each; a product without a price has none."""
    priced = [(product.product_id, product.price) for product in products if product.price is not None]
    if not priced:
        return {}
    edges = np.quantile([price for _, price in priced], np.linspace(0, 1, BANDS + 1))
    names = [f"{n + 1}: {low:.2f} to {high:.2f}" for n, (low, high) in enumerate(pairwise(edges))]
    return {key: names[int(np.searchsorted(edges[1:-1], price, side="left"))] for key, price in priced}
