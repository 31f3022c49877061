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
class CountedWords:
    """The words of n documents, counted; parts of a catalogue are counted apart and joined.

    Attributes:
        vocabulary: word -> column, in order of appearance, so that the same catalogue gives the same bytes.
        tf: scipy csr int32 (n, V), how often a word stands in a document.
        lengths: int64 (n,) tokens of each document.
    """

    vocabulary: dict[str, int]
    tf: Any
    lengths: np.ndarray

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]]) -> CountedWords:
        """Count tokenised documents."""
        vocabulary = {word: i for i, word in enumerate(dict.fromkeys(word for document in documents for word in document))}
        lengths = np.fromiter(map(len, documents), np.int64, len(documents))
        columns = np.fromiter((vocabulary[word] for document in documents for word in document), np.int32, int(lengths.sum()))
        return cls(vocabulary, _counts(columns, lengths, len(vocabulary)), lengths)

    @classmethod
    def joined(cls, parts: Sequence[CountedWords]) -> CountedWords:
        """The documents of all parts, in order: the same as counting them together."""
        from scipy import sparse

        if len(parts) == 1:
            return parts[0]
        vocabulary = {word: i for i, word in enumerate(dict.fromkeys(word for part in parts for word in part.vocabulary))}
        matrices = []
        for part in parts:
            places = np.fromiter((vocabulary[word] for word in part.vocabulary), np.int32, len(part.vocabulary))
            moved = sparse.csr_matrix(
                (part.tf.data, places[part.tf.indices], part.tf.indptr), shape=(len(part.lengths), len(vocabulary))
            )
            matrices.append(moved)
        tf = sparse.vstack(matrices, format="csr") if matrices else _counts(np.zeros(0, np.int32), np.zeros(0, np.int64), 0)
        return cls(vocabulary, tf, np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)]))

    def frequencies(self) -> np.ndarray:
        """int32 (V,) documents that have each word."""
        return np.bincount(self.tf.indices, minlength=len(self.vocabulary)).astype(np.int32)


def _counts(columns: np.ndarray, lengths: np.ndarray, width: int) -> Any:
    """scipy csr int32 (n, width): how often each column stands in each of n runs of `columns`."""
    from scipy import sparse

    starts = np.concatenate([[0], np.cumsum(lengths)])
    tf = sparse.csr_matrix((np.ones(len(columns), np.int32), columns, starts), shape=(len(lengths), width))
    tf.sum_duplicates()
    return tf


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
    def of(cls, counted: Mapping[str, CountedWords]) -> WordCounts:
        """Of the words of each field; all fields are of the same N documents."""
        documents = max((len(field.lengths) for field in counted.values()), default=0)
        lengths = {name: float(field.lengths.mean()) if documents else 0.0 for name, field in counted.items()}
        return cls(documents, lengths, {name: field.frequencies() for name, field in counted.items() if field.vocabulary})

    def idf(self, frequencies: np.ndarray) -> np.ndarray:
        """Lucene's idf of words that so many documents have: float64 (n,), above 0.

        A word of added products may be in more of them than N: it is then taken to be in all N.
        """
        df = np.asarray(frequencies, np.float64)
        return np.log1p((np.maximum(self.documents, df) - df + 0.5) / (df + 0.5))


def build_index(counted: CountedWords, counts: WordCounts, field: str, k1: float, b: float) -> Any:
    """The bm25s index of the words of a field; None when no document has one.

    Args:
        counts: of all fields, this one among them.
    """
    if not counted.vocabulary:
        return None
    tf = counted.tf.tocsc()
    idf = counts.idf(counts.frequencies[field]).astype(np.float32)
    found = shares(tf.data, counted.lengths[tf.indices], counts.lengths[field], k1, b)
    tf.data = (np.repeat(idf, np.diff(tf.indptr)) * found).astype(np.float32)
    return index_of(tf, counted.vocabulary, k1, b)


def index_of(matrix: Any, vocabulary: dict[str, int], k1: float, b: float) -> Any:
    """A bm25s index out of scores that are known: scipy csc (documents, words); None when there is no word."""
    import bm25s

    if not vocabulary:
        return None
    matrix = matrix.tocsc()
    matrix.sort_indices()
    index = bm25s.BM25(method="lucene", k1=k1, b=b)
    index.scores = {
        "data": matrix.data.astype(np.float32),
        "indices": matrix.indices.astype(np.int32),
        "indptr": matrix.indptr.astype(np.int64),
        "num_docs": matrix.shape[0],
    }
    index.vocab_dict, index.nonoccurrence_array = vocabulary, None
    index.unique_token_ids_set = set(vocabulary.values())
    return index


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
