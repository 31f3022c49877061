"""Words as numbers, for a net that learns what words mean from the training data alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from fuserank.features.catalogue import Catalogue
from fuserank.features.queries import QueryFeatures
from fuserank.modalities.tokens import tokenize

LENGTH = 24  # words of a text that are read
UNKNOWN = 1


class WordIds:
    """A vocabulary: 0 is no word, 1 any word that is not in it.

    Args:
        texts: the words of the training texts.
    """

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        known = sorted({word for text in texts for word in text})
        self._ids = {word: number for number, word in enumerate(known, start=UNKNOWN + 1)}

    def __len__(self) -> int:
        """Size of the vocabulary with both special numbers."""
        return len(self._ids) + 2

    def ids(self, texts: Sequence[Sequence[str]]) -> np.ndarray:
        """int64 (len(texts), LENGTH): the first LENGTH words of each text, 0 behind the last."""
        numbers = np.zeros((len(texts), LENGTH), np.int64)
        for row, text in enumerate(texts):
            found = [self._ids.get(word, UNKNOWN) for word in text[:LENGTH]]
            numbers[row, : len(found)] = found
        return numbers


def product_words(catalogue: Catalogue) -> list[list[str]]:
    """Words of each product's title; all empty when the catalogue has no word index."""
    if catalogue.lexical is None:
        return [[] for _ in catalogue.product_ids]
    return catalogue.lexical.words("title")


def query_words(queries: QueryFeatures) -> list[list[str]]:
    """Words of each query, in order."""
    return [tokenize(text) for text in queries.texts]
