"""Text in one language the encoder knows: title and description against the words of the query."""

from __future__ import annotations

from functools import cache

import numpy as np

from fuserank.encoders.minilm import MiniLM
from fuserank.encoders.multilingual import MultilingualUse
from fuserank.encoders.text_cleaning import clean_text
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, cosines, text_content
from fuserank.types import Product, Query

# One encoder a process: text and history share the weights.
minilm = cache(MiniLM)
multilingual_use = cache(MultilingualUse)


class SentenceModality:
    """Cosine of sentence vectors of query and product."""

    pair_names: tuple[str, ...] = ("cosine",)
    scaling: Scaling = "unit"
    query_from_history = False
    query_is_term = False
    pair_only = False
    compared: slice | None = slice(None)

    def __init__(self, name: str, encoder: Encoder) -> None:
        self.name = name
        self.encoder: Encoder | None = encoder

    def product_content(self, product: Product) -> Content | None:
        """Title and description, cleaned."""
        parts = (product.title.strip().rstrip("."), product.description.strip())
        return text_content(clean_text(". ".join(part for part in parts if part)))

    def query_content(self, query: Query) -> Content | None:
        """The words of the query, cleaned."""
        return text_content(clean_text(query.text))

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Cosine: float32 (n, 1)."""
        return cosines(query, products)[:, None]


def text(resources: Resources) -> SentenceModality:
    """English text through MiniLM."""
    return SentenceModality("text", minilm(resources.cache, resources.threads, resources.rounded))


def multilingual(resources: Resources) -> SentenceModality:
    """Text in many languages through the multilingual Universal Sentence Encoder."""
    return SentenceModality("multilingual", multilingual_use(resources.cache, resources.threads))
