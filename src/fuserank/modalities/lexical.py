"""Words of the query found in the fields of a product: BM25 (Robertson and Zaragoza, 2009) per field, with bm25s.

Lucene's form is used, idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length)), in which a term can give at most its
idf. Dividing by the sum of the query's idf therefore puts a field's score into [0, 1], whatever the slate.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.errors import ModelFolderError
from fuserank.files import new_folder
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, text_content
from fuserank.modalities.tokens import tokenize
from fuserank.types import Product, Query

FIELDS = ("title", "description", "category", "brand")
# BM25 with k1 = 0 counts a term once wherever it stands: over all fields together that is the share of the query's idf found.
COVERAGE = "coverage"
K1, B = 1.2, 0.75
# Lengths in the short fields say nothing of relevance: a long category path is not less about each of its words.
FIELD_B = {"category": 0.0, "brand": 0.0}
LOOKED_UP = 64  # postings a row from which looking rows up is faster than adding all postings


class Lexical:
    """Scores of words; there is no vector."""

    name = "lexical"
    encoder: Encoder | None = None
    pair_names: tuple[str, ...] = (*(f"bm25_{field}" for field in FIELDS), COVERAGE)
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = False
    pair_only = False

    def __init__(self, resources: Resources) -> None:
        """Nothing to load; the index belongs to a catalogue."""

    def product_content(self, product: Product) -> Content | None:
        """The title: a product without one is absent here."""
        return text_content(product.title.strip())

    def query_content(self, query: Query) -> Content | None:
        """The words of the query."""
        return text_content(query.text.strip())

    def pair(self, query: np.ndarray, products: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Not defined on vectors: `LexicalIndex.scores` gives these scores.

        Raises:
            TypeError: always.
        """
        raise TypeError("lexical scores come from LexicalIndex.scores, not from vectors")


@dataclass(frozen=True)
class LexicalIndex:
    """BM25 over N products, one bm25s index for each of FIELDS and one for COVERAGE; an empty field has None.

    Attributes:
        count: N.
        fields: field -> bm25s index.
    """

    count: int
    fields: dict[str, Any]

    @classmethod
    def build(cls, products: Sequence[Product]) -> LexicalIndex:
        """Index the products; row i of every score is product i."""
        tokens = {field: [tokenize(getattr(product, field)) for product in products] for field in FIELDS}
        fields = {field: _index(tokens[field], K1, FIELD_B.get(field, B)) for field in FIELDS}
        together = [[token for field in FIELDS for token in tokens[field][row]] for row in range(len(products))]
        return cls(len(products), {**fields, COVERAGE: _index(together, 0.0, 0.0)})

    def scores(self, text: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Scores of a query: float32 (N, 5) in [0, 1], in the order of `Lexical.pair_names`; or (n, 5), of int64 rows (n,) alone.

        Terms that no product has are left out: nobody can win them. A query without known terms scores 0 everywhere.
        """
        scores = np.zeros((self.count if rows is None else len(rows), len(self.fields)), np.float32)
        everywhere = self.fields[COVERAGE]
        terms = [] if everywhere is None else [t for t in dict.fromkeys(tokenize(text)) if t in everywhere.vocab_dict]
        for column, index in enumerate(self.fields.values()):
            known = [] if index is None else [t for t in terms if t in index.vocab_dict]
            if known:
                missed = [t for t in terms if t not in index.vocab_dict]
                attainable = _idf(index, known, self.count) + _idf(everywhere, missed, self.count)
                scores[:, column] = _sums(index, known, self.count, rows) / attainable
        return np.clip(scores, 0, 1)

    def top(self, text: str, k: int) -> np.ndarray:
        """Rows of the `k` products with the highest sum of scores, best first; only products that have a term of the query."""
        total = self.scores(text).sum(axis=1)
        rows = np.argsort(-total, kind="stable")[:k]
        return rows[total[rows] > 0]

    def words(self, field: str) -> list[list[str]]:
        """The words that each of the N products has in a field, each once, in the order in which the catalogue first used them."""
        found: list[list[str]] = [[] for _ in range(self.count)]
        index = self.fields[field]
        if index is not None:
            starts, rows = index.scores["indptr"], index.scores["indices"]
            for word, column in sorted(index.vocab_dict.items(), key=lambda item: item[1]):
                for row in rows[starts[column] : starts[column + 1]]:
                    found[row].append(word)
        return found

    def save(self, folder: Path) -> None:
        """Write the index to a folder of .npy and .json files, atomically."""
        with new_folder(folder) as work:
            for field, index in self.fields.items():
                if index is not None:
                    index.save(work / field, show_progress=False)
            (work / "lexical.json").write_text(
                json.dumps({"count": self.count, "fields": [f for f, i in self.fields.items() if i]})
            )

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read what `save` wrote, arrays memory-mapped.

        Raises:
            ModelFolderError: the folder is not a complete index.
        """
        import bm25s

        try:
            header = json.loads((folder / "lexical.json").read_text())
            fields = {
                field: bm25s.BM25.load(folder / field, mmap=True, allow_pickle=False, show_progress=False)
                if field in header["fields"]
                else None
                for field in (*FIELDS, COVERAGE)
            }
        except (OSError, ValueError, KeyError) as error:
            raise ModelFolderError(f"lexical index {folder} cannot be read: {error}", todo="build the catalogue again") from None
        return cls(header["count"], fields)


def _index(documents: list[list[str]], k1: float, b: float) -> Any:
    import bm25s

    if not any(documents):
        return None
    # Vocabulary in order of appearance, so that the same catalogue gives the same bytes.
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(t for document in documents for t in document))}
    ids = [[vocabulary[token] for token in document] for document in documents]
    index = bm25s.BM25(method="lucene", k1=k1, b=b)
    index.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    return index


def _sums(index: Any, terms: list[str], count: int, rows: np.ndarray | None) -> np.ndarray:
    """Sum of the scores of terms in the index's vocabulary: float32 (count,), or (n,) of rows.

    A term has one posting for each product with it, ascending. As no product stands twice among them, they are added at once: with
    np.add.at, which bm25s uses, that takes ten times as long. Few rows are looked up in long lists.
    """
    starts, places, values = (np.asarray(index.scores[part]) for part in ("indptr", "indices", "data"))
    spans = [slice(starts[i], starts[i + 1]) for i in (index.vocab_dict[term] for term in terms)]
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


def _idf(index: Any, terms: list[str], count: int) -> float:
    """Sum of Lucene's idf, ln(1 + (N - df + 0.5) / (df + 0.5)), of terms in the index's vocabulary."""
    if not terms:
        return 0.0
    ids = np.array([index.vocab_dict[term] for term in terms], np.int64)
    df = index.scores["indptr"][ids + 1] - index.scores["indptr"][ids]
    return float(np.log1p((count - df + 0.5) / (df + 0.5)).sum())
