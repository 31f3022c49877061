"""Which words a text has, in a vector of fixed length: a sparse random projection of its bag of words.

Each word adds ±1 at REPEATS places that its hash names (feature hashing, Weinberger et al. 2009, arXiv:0902.2206; several places a
word as in the sparse Johnson-Lindenstrauss transform, Kane & Nelson 2014), so vectors of different words are nearly orthogonal and
a linear layer above learns as if every word had a weight of its own, without a vocabulary to fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows

DIM = 1024
REPEATS = 4


class WordSketch:
    """Sketches of texts; each word counts once.

    Args:
        tokenize: text -> words; part of what `info.version` stands for.
    """

    info = EncoderInfo("word-sketch", "2", DIM, "none")

    def __init__(self, tokenize: Callable[[str], list[str]]) -> None:
        self._tokenize = tokenize

    def prepare(self, value: str) -> list[str]:
        """The distinct words of a text."""
        return list(dict.fromkeys(self._tokenize(value)))

    def encode(self, prepared: Sequence[Sequence[str]]) -> np.ndarray:
        """Sketches: float32 (n, DIM), rows of length 1, zero for a text without words."""
        vectors = np.zeros((len(prepared), DIM), np.float32)
        for vector, words in zip(vectors, prepared, strict=True):
            for word in words:
                for code in _codes(word):
                    vector[(code >> 1) % DIM] += 1 if code & 1 else -1
        return unit_rows(vectors)


def _codes(word: str) -> list[int]:
    """REPEATS numbers of 16 bits, independent of each other. Those of a linear hash (CRC-32 of a number and the word) are not: all
    words of a length differ from one repeat to the next by the same, so that two that meet once meet every time."""
    digest = hashlib.blake2b(word.encode(), digest_size=2 * REPEATS).digest()
    return [int.from_bytes(digest[at : at + 2], "little") for at in range(0, 2 * REPEATS, 2)]
