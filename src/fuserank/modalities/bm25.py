"""BM25 in Lucene's form (Robertson and Zaragoza, 2009), on indexes of the library bm25s: a term gives idf times its share.

    share = tf / (tf + k1 * (1 - b + b * length / mean length)),    idf = ln(1 + (N - df + 0.5) / (df + 0.5))

The counts that idf and shares are reckoned with stand apart from the index, so that products can be added and leave while the
numbers of all others stay what they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LOOKED_UP = 16  # postings a row from which looking rows up is faster than adding all postings


@dataclass(frozen=True)
class WordCounts:
    """What was counted over the documents of an index.

    Attributes:
        documents: N.
        lengths: field -> mean number of tokens; 0 for a field that no document has.
        frequencies: field -> int32 (V,) documents with each word of the field's vocabulary; only fields that some document has.
    """

    documents: int
    lengths: Mapping[str, float]
    frequencies: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, tokens: Mapping[str, Sequence[Sequence[str]]], indexes: Mapping[str, Any]) -> WordCounts:
        """Count.

        Args:
            tokens: field -> tokens of each of the N documents.
            indexes: field -> the bm25s index of them, None for an empty field.
        """
        documents = max(map(len, tokens.values()), default=0)
        lengths = {field: sum(map(len, d)) / max(len(d), 1) for field, d in tokens.items()}
        held = {field: index.scores["indptr"] for field, index in indexes.items() if index is not None}
        return cls(documents, lengths, {field: np.diff(starts).astype(np.int32) for field, starts in held.items()})

    def idf(self, frequencies: np.ndarray) -> np.ndarray:
        """Lucene's idf of words that so many documents have: float64 (n,), above 0.

        A word of added products may be in more of them than N: it is then taken to be in all N.
        """
        df = np.asarray(frequencies, np.float64)
        return np.log1p((np.maximum(self.documents, df) - df + 0.5) / (df + 0.5))


def build_index(documents: Sequence[Sequence[str]], k1: float, b: float) -> Any:
    """The bm25s index of tokenised documents; None when no document has a token."""
    if not any(documents):
        return None
    # Vocabulary in order of appearance, so that the same catalogue gives the same bytes.
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(t for document in documents for t in document))}
    ids = [[vocabulary[token] for token in document] for document in documents]
    index = _empty_index(k1, b)
    index.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    return index


def index_of(matrix: Any, vocabulary: dict[str, int], k1: float, b: float) -> Any:
    """A bm25s index out of scores that are known: scipy csc (documents, words); None when there is no word."""
    if not vocabulary:
        return None
    matrix = matrix.tocsc()
    matrix.sort_indices()
    index = _empty_index(k1, b)
    index.scores = {
        "data": matrix.data.astype(np.float32),
        "indices": matrix.indices.astype(np.int32),
        "indptr": matrix.indptr.astype(np.int64),
        "num_docs": matrix.shape[0],
    }
    index.vocab_dict, index.nonoccurrence_array = vocabulary, None
    index.unique_token_ids_set = set(vocabulary.values())
    return index


def _empty_index(k1: float, b: float) -> Any:
    import bm25s

    return bm25s.BM25(method="lucene", k1=k1, b=b)


def term_sums(index: Any, terms: Sequence[str], count: int, rows: np.ndarray | None = None) -> np.ndarray:
    """Sum of the scores of terms in the index's vocabulary: float32 (count,), or (n,) of `rows` alone, the same numbers.

    A term has one posting for each product with it, ascending. As no product stands twice among them, they are added at once: with
    np.add.at, which bm25s uses, that takes ten times as long. Few rows are looked up in long lists.
    """
    starts, places, values = (np.asarray(index.scores[part]) for part in ("indptr", "indices", "data"))
    ends = ((int(starts[i]), int(starts[i + 1])) for i in (index.vocab_dict[term] for term in terms))
    spans = [slice(start, stop) for start, stop in ends if stop > start]  # no product may be left of a word that some had
    if rows is None or sum(span.stop - span.start for span in spans) < LOOKED_UP * len(rows) * len(spans):
        total = np.zeros(count, np.float32)
        for span in spans:
            total[places[span]] += values[span]
        return total if rows is None else total[rows]
    total, rows = np.zeros(len(rows), np.float32), rows.astype(places.dtype)
    for span in spans:
        at = np.minimum(np.searchsorted(places[span], rows), span.stop - span.start - 1)
        total += np.where(places[span][at] == rows, values[span][at], 0)
    return total


def shares(tf: np.ndarray, lengths: np.ndarray, mean: float, k1: float, b: float) -> np.ndarray:
    """What terms give of their idf: float64, shape of `tf`, in (0, 1].

    Args:
        tf: how often a term stands in its document.
        lengths: tokens of that document.
        mean: of the lengths of all documents; 0: the length does not count.
    """
    relative = lengths / mean if mean else 1.0
    return tf / (k1 * ((1 - b) + b * relative) + tf)
