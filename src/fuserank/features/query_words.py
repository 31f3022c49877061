"""The words of queries as numbers, the same in every shop: hashed, so that no vocabulary has to travel with a model."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from fuserank.late_interaction import WORD_IDS
from fuserank.modalities.tokens import tokenize

LIMIT = 32  # words of a query that are read; shoppers type three to eight


def query_words(texts: Sequence[str]) -> np.ndarray:
    """Word ids of texts: int64 (Q, L), 1 .. WORD_IDS - 1, each word once and in order, then 0; L >= 1 is what the longest needs."""
    rows = [[word_id(word) for word in dict.fromkeys(tokenize(text))][:LIMIT] for text in texts]
    ids = np.zeros((len(rows), max([1, *map(len, rows)])), np.int64)
    for row, found in zip(ids, rows, strict=True):
        row[: len(found)] = found
    return ids


def word_id(word: str) -> int:
    """Two words share an id with probability 1 / (WORD_IDS - 1)."""
    return zlib.crc32(word.encode()) % (WORD_IDS - 1) + 1
