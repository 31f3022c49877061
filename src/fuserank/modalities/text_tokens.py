"""Text token by token: every token of the query looks for its likest in the product (MaxSim of ColBERT, arXiv:2004.12832).

A sentence vector mixes what a title says; its tokens do not. Nothing is trained, so this helps most where judgments are few. A
product's vector is long (8 KB), and no network reads it.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from fuserank.encoders.minilm_tokens import WIDTH, MiniLMTokens
from fuserank.modalities.base import Resources
from fuserank.modalities.text import SentenceModality, minilm

PRODUCTS_AT_ONCE = 4096  # bounds memory to some 100 MB

minilm_tokens = cache(MiniLMTokens)


class TextTokens(SentenceModality):
    """Mean over the query's tokens of the highest cosine with a token of the product."""

    pair_names: tuple[str, ...] = ("maxsim",)
    pair_only = True

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:
        """MaxSim: float32 (n, 1) in [0, 1]; 0 where either side has no token."""
        asked = _tokens(query[None])[0]
        asked = asked[asked.any(axis=1)]
        scores = np.zeros((len(products), 1), np.float32)
        for start in range(0, len(products) if len(asked) else 0, PRODUCTS_AT_ONCE):
            likeness = _tokens(products[start : start + PRODUCTS_AT_ONCE]) @ asked.T
            scores[start : start + PRODUCTS_AT_ONCE, 0] = likeness.max(axis=1).mean(axis=1)
        return np.clip(scores, 0, 1)


def text_tokens(resources: Resources) -> TextTokens:
    """English text through MiniLM."""
    return TextTokens("text_tokens", minilm_tokens(minilm(resources.cache, resources.threads)))


def _tokens(vectors: np.ndarray) -> np.ndarray:
    """(n, TOKENS · WIDTH) -> float32 (n, TOKENS, WIDTH), tokens of length 1 again after rounding, or 0."""
    tokens = np.asarray(vectors, np.float32).reshape(len(vectors), -1, WIDTH)
    norms = np.sqrt(np.einsum("ntk,ntk->nt", tokens, tokens))[:, :, None]
    return tokens / np.where(norms > 0, norms, 1)
