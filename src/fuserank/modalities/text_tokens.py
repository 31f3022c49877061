"""Text as a whole and token by token: the cosine of sentences, and how well every token of the query finds its likest in the
product (MaxSim of ColBERT, arXiv:2004.12832).

A sentence vector mixes what a title says; its tokens do not. Nothing is trained, so this helps most where judgments are few. A
product's vector is long (9 KB), and no network reads it.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from fuserank.encoders.minilm_tokens import SENTENCE, MiniLMTokens, tokens_of
from fuserank.modalities.base import Resources, cosines
from fuserank.modalities.text import SentenceModality, minilm

MAXSIM = 0.35  # its weight beside the cosine's 1, chosen by cross-validation on human grades (decision 16)
PRODUCTS_AT_ONCE = 4096  # bounds memory to some 100 MB

minilm_tokens = cache(MiniLMTokens)


class TextTokens(SentenceModality):
    """Weighted mean of the cosine of both texts and of MaxSim."""

    pair_names: tuple[str, ...] = ("likeness",)
    pair_only = True
    compared: slice | None = None

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Likeness: float32 (n, 1) in [-1, 1]; 0 where either side is zero."""
        parts = np.array_split(products, max(1, -(-len(products) // PRODUCTS_AT_ONCE)))
        found = np.concatenate([maxsim(query, part) for part in parts])
        return ((cosines(query[:SENTENCE], products[:, :SENTENCE]) + MAXSIM * found) / (1 + MAXSIM))[:, None]


def maxsim(query: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Mean over the query's tokens of the highest cosine with a token of the product: float32 (n,) in [0, 1]; 0 without tokens."""
    asked = tokens_of(query[None])[0]
    asked = asked[asked.any(axis=1)]
    if not len(asked):
        return np.zeros(len(products), np.float32)
    highest = (tokens_of(products) @ asked.T).max(axis=1)
    return np.clip(highest.mean(axis=1), 0, 1)


def text_tokens(resources: Resources) -> TextTokens:
    """English text through MiniLM."""
    return TextTokens("text_tokens", minilm_tokens(minilm(resources.cache, resources.threads, resources.rounded)))
