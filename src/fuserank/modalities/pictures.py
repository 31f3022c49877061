"""Pictures read by an encoder of your own: against the shopper's picture, or against the shopper's words in one space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.modalities.base import Content, Encoder, Scaling, cosines, text_content
from fuserank.types import Product, Query


class PictureModality:
    """Cosine of the product's picture with what the query asks for it.

    Args:
        name: key in MODALITIES.
        encoder: of pictures, and of whatever `asked` gives.
        asked: what of a query is compared: `picture_of` or `words_of`.
    """

    pair_names: tuple[str, ...] = ("cosine",)
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = True
    pair_only = False
    compared: slice | None = slice(None)

    def __init__(self, name: str, encoder: Encoder, asked: Callable[[Query], Content | None]) -> None:
        self.name, self._asked = name, asked
        self.encoder: Encoder | None = encoder

    def product_content(self, product: Product) -> Content | None:
        """The product's picture."""
        return picture_of(product)

    def query_content(self, query: Query) -> Content | None:
        """What of the query is compared with pictures."""
        return self._asked(query)

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Cosine: float32 (n, 1)."""
        return cosines(query, products)[:, None]


def picture_of(item: Product | Query) -> Content | None:
    """The picture of a product or a query."""
    return Content(item.image, item.image, is_media=True) if item.image else None


def words_of(query: Query) -> Content | None:
    """The words of a query, cleaned."""
    return text_content(clean_text(query.text))
