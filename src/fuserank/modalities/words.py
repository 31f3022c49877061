"""What a product is called, word by word, for rankers to learn which of its words answer which word of a query."""

from __future__ import annotations

from functools import cache

import numpy as np

from fuserank.encoders.text_cleaning import clean_text
from fuserank.encoders.word_sketch import WordSketch
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, text_content
from fuserank.modalities.tokens import tokenize
from fuserank.types import Product, Query

word_sketch = cache(WordSketch)


class Words:
    """Words of title, category and brand; a description is left to sentence encoders, who see more in it than its words."""

    name = "words"
    pair_names: tuple[str, ...] = ()  # word matches are the lexical modality's
    scaling: Scaling = "unit"
    query_from_history = False
    query_is_term = False
    pair_only = False
    compared: slice | None = None

    def __init__(self, resources: Resources) -> None:  # noqa: ARG002
        self.encoder: Encoder | None = word_sketch(tokenize)

    def product_content(self, product: Product) -> Content | None:
        """Title, category and brand, cleaned."""
        return text_content(clean_text(" ".join(part for part in (product.title, product.category, product.brand) if part)))

    def query_content(self, query: Query) -> Content | None:  # noqa: ARG002
        """None: a ranker reads the query's words themselves."""
        return None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """No scores: float32 (n, 0)."""
        return np.zeros((len(products), 0), np.float32)
