"""Numbers of a product: price, rating, popularity."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from fuserank.encoders.numbers import Numbers
from fuserank.modalities.base import Content, Encoder, Resources, Scaling
from fuserank.types import Product, Query


class Numeric:
    """Evidence about a product alone: queries have no side here, and there is no pair score."""

    name = "numeric"
    pair_names: tuple[str, ...] = ()
    scaling: Scaling = "robust"
    query_from_history = False
    query_is_term = False
    pair_only = False
    compared: slice | None = None

    def __init__(self, resources: Resources) -> None:  # noqa: ARG002
        self.encoder: Encoder | None = Numbers()

    def product_content(self, product: Product) -> Content | None:
        """(price, rating, popularity); None when no number is there."""
        numbers = Numbers().prepare((product.price, product.rating, product.popularity))
        if all(n is None for n in numbers):
            return None
        return Content(hashlib.sha256(json.dumps(numbers).encode()).hexdigest(), numbers)

    def query_content(self, query: Query) -> Content | None:  # noqa: ARG002
        """None: a query has no numbers."""
        return None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """No scores: float32 (n, 0)."""
        return np.zeros((len(products), 0), np.float32)
