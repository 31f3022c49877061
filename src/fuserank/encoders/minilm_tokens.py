"""MiniLM's sentence vector and those of its tokens, to compare texts token by token as ColBERT does (Khattab & Zaharia 2020,
arXiv:2004.12832).

A random rotation, of which the first WIDTH axes are kept, shrinks the tokens (Johnson & Lindenstrauss 1984): cosines stay as they
were on average, and nothing has to be learned or shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.encoders.minilm import MiniLM, sentences

SENTENCE, TOKENS, WIDTH = MiniLM.info.dim, 32, 128
ROTATION = 0  # seed


class MiniLMTokens:
    """SENTENCE + TOKENS · WIDTH numbers for a text: the sentence's vector, those of its first TOKENS tokens, then zeros.

    All are of length 1.

    Args:
        minilm: the encoder whose tokens they are.
    """

    info = EncoderInfo("minilm-l6-v2-tokens", "0.1.0+1", SENTENCE + TOKENS * WIDTH, MiniLM.info.licence, MiniLM.info.sha256)

    def __init__(self, minilm: MiniLM) -> None:
        self._minilm = minilm

    def prepare(self, value: str) -> str:
        """Clean one text."""
        return self._minilm.prepare(value)

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Vectors of texts: float32 (n, SENTENCE + TOKENS · WIDTH)."""
        found = np.zeros((len(prepared), self.info.dim), np.float32)
        if prepared:
            states, mask, special = self._minilm.states(prepared)
            found[:, :SENTENCE] = sentences(states, mask)
            for row, text, marks in zip(found, states, special, strict=True):
                kept = unit_rows(text[~marks][:TOKENS] @ self._axes)
                row[SENTENCE : SENTENCE + kept.size] = kept.ravel()
        return found

    @cached_property
    def _axes(self) -> np.ndarray:
        """(SENTENCE, WIDTH) orthonormal columns."""
        drawn = np.random.default_rng(ROTATION).normal(size=(SENTENCE, WIDTH))
        return np.linalg.qr(drawn)[0].astype(np.float32)


def tokens_of(vectors: np.ndarray) -> np.ndarray:
    """(n, SENTENCE + TOKENS · WIDTH) -> float32 (n, TOKENS, WIDTH), of length 1 again after rounding, or 0."""
    tokens = np.asarray(vectors[:, SENTENCE:], np.float32).reshape(len(vectors), TOKENS, WIDTH)
    norms = np.sqrt(np.einsum("ntk,ntk->nt", tokens, tokens))[:, :, None]
    return tokens / np.where(norms > 0, norms, 1)
