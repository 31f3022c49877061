"""The vectors of MiniLM's tokens, for comparing texts token by token as ColBERT does (Khattab & Zaharia 2020, arXiv:2004.12832).

A random rotation, of which the first WIDTH axes are kept, shrinks them (Johnson & Lindenstrauss 1984): cosines stay as they were on
average, and nothing has to be learned or shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows
from fuserank.encoders.minilm import MiniLM

TOKENS, WIDTH = 32, 128
ROTATION = 0  # seed


class MiniLMTokens:
    """TOKENS · WIDTH numbers for a text: the vectors of its first TOKENS tokens, each of length 1, one after the other, then zeros.

    Args:
        sentences: the encoder whose tokens they are.
    """

    info = EncoderInfo("minilm-l6-v2-tokens", "0.1.0+1", TOKENS * WIDTH, MiniLM.info.licence, MiniLM.info.sha256)

    def __init__(self, sentences: MiniLM) -> None:
        self._sentences = sentences

    def prepare(self, value: str) -> str:
        """Clean one text."""
        return self._sentences.prepare(value)

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Token vectors of texts: float32 (n, TOKENS · WIDTH)."""
        found = np.zeros((len(prepared), TOKENS, WIDTH), np.float32)
        if prepared:
            states, _, special = self._sentences.states(prepared)
            for row, (text, marks) in enumerate(zip(states, special, strict=True)):
                kept = unit_rows(text[~marks][:TOKENS] @ self._axes)
                found[row, : len(kept)] = kept
        return found.reshape(len(prepared), TOKENS * WIDTH)

    @cached_property
    def _axes(self) -> np.ndarray:
        """(384, WIDTH) orthonormal columns."""
        drawn = np.random.default_rng(ROTATION).normal(size=(MiniLM.info.dim, WIDTH))
        return np.linalg.qr(drawn)[0].astype(np.float32)
