"""Words of the query found in the fields of a product: BM25 per field (`fuserank.modalities.bm25`).

A term can give at most its idf. Dividing by the sum of the query's idf therefore puts a field's score into [0, 1], whatever the
slate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.engines import LOCAL, Engine
from fuserank.errors import ModelFolderError
from fuserank.files import new_folder
from fuserank.modalities.base import Content, Encoder, Resources, Scaling, text_content
from fuserank.modalities.bm25 import CountedWords, WordCounts, build_index, term_sums
from fuserank.modalities.tokens import tokenize
from fuserank.modalities.top_rows import top_rows
from fuserank.types import Product, Query

FIELDS = ("title", "description", "category", "brand")
# BM25 with k1 = 0 counts a term once wherever it stands: over all fields together that is the share of the query's idf found.
COVERAGE = "coverage"
K1, B = 1.2, 0.75
# Lengths in the short fields say nothing of relevance: a long category path is not less about each of its words.
FIELD_B = {"category": 0.0, "brand": 0.0}
PART = 8192  # products whose words are counted at once


class Lexical:
    """Scores of words; there is no vector."""

    name = "lexical"
    encoder: Encoder | None = None
    pair_names: tuple[str, ...] = (*(f"bm25_{field}" for field in FIELDS), COVERAGE)
    scaling: Scaling = "standard"
    query_from_history = False
    query_is_term = False
    pair_only = False
    compared: slice | None = None

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
        counts: what idf and lengths are reckoned with; counted over the N products, unless products went since.
    """

    count: int
    fields: dict[str, Any]
    counts: WordCounts

    @classmethod
    def build(cls, products: Sequence[Product], engine: Engine = LOCAL) -> LexicalIndex:
        """Index the products; row i of every score is product i.

        Args:
            engine: where their words are counted.
        """
        counted = counted_fields(products, engine)
        counts = WordCounts.of(counted)
        fields = {field: build_index(words, counts, field, *saturation(field)) for field, words in counted.items()}
        return cls(len(products), fields, counts)

    def scores(self, text: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Scores of a query: float32 (N, 5) in [0, 1], in the order of `Lexical.pair_names`.

        Terms that no product has are left out: nobody can win them. A query without known terms scores 0 everywhere.

        Args:
            rows: int (n,) score these alone, in their order: float32 (n, 5), the same numbers; None: all.
        """
        terms = [t for t in dict.fromkeys(tokenize(text)) if self.knows(COVERAGE, t)]
        scores = self.sums(terms, rows) / self._attainable(terms)
        return np.clip(scores, 0, 1, out=scores)

    def top(self, text: str, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """Rows of the `k` products with the highest sum of scores, best first; only products that have a term of the query.

        Args:
            allowed: bool (N,) products that may be given; None: all.
        """
        total = self.scores(text).sum(axis=1)
        return top_rows(total, k, total > 0 if allowed is None else (total > 0) & allowed)

    def frequency(self, field: str, term: str) -> int:
        """How many products have the term in this field, as its idf counts them."""
        index = self.fields[field]
        place = None if index is None else index.vocab_dict.get(term)
        return 0 if place is None else int(self.counts.frequencies[field][place])

    def knows(self, field: str, term: str) -> bool:
        """Whether some product has the term in this field."""
        return self.frequency(field, term) > 0

    def idf(self, field: str, terms: Sequence[str]) -> np.ndarray:
        """Lucene's idf of terms that the field knows: float64 (len(terms),), above 0."""
        return self.counts.idf(np.array([self.frequency(field, term) for term in terms], np.int64))

    def sums(self, terms: Sequence[str], rows: np.ndarray | None = None) -> np.ndarray:
        """BM25 before it is divided by what could be had: float32 (N or len(rows), 5); terms that a field knows not add nothing."""
        sums = np.zeros((len(self.fields), self.count if rows is None else len(rows)), np.float32)
        for column, index in zip(sums, self.fields.values(), strict=True):
            known = [] if index is None else [term for term in terms if term in index.vocab_dict]
            if known:
                column[:] = term_sums(index, known, self.count, rows)
        return sums.T

    def _attainable(self, terms: Sequence[str]) -> np.ndarray:
        """What a product that has all terms in a field gets at most there: float32 (5,); 1 for a field that knows none of them."""
        anywhere = [self.frequency(COVERAGE, term) for term in terms]
        found = [[self.frequency(field, term) for term in terms] for field in self.fields]
        # What a field lacks counts there as rare as it is over all fields.
        idf = self.counts.idf(np.array([[here or there for here, there in zip(row, anywhere, strict=True)] for row in found]))
        return np.where([any(row) for row in found], idf.sum(axis=1), 1).astype(np.float32)

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
                    np.save(work / field / "frequencies.npy", self.counts.frequencies[field], allow_pickle=False)
            header = {
                "count": self.count,
                "fields": [field for field, index in self.fields.items() if index is not None],
                "documents": self.counts.documents,
                "lengths": self.counts.lengths,
            }
            (work / "lexical.json").write_text(json.dumps(header))

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
            frequencies = {f: np.load(folder / f / "frequencies.npy", allow_pickle=False) for f in header["fields"]}
            counts = WordCounts(header["documents"], header["lengths"], frequencies)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ModelFolderError(f"lexical index {folder} cannot be read: {error}", todo="build the catalogue again") from None
        return cls(header["count"], fields, counts)


def saturation(field: str) -> tuple[float, float]:
    """k1 and b of a field."""
    return (0.0, 0.0) if field == COVERAGE else (K1, FIELD_B.get(field, B))


def counted_fields(products: Sequence[Product], engine: Engine = LOCAL) -> dict[str, CountedWords]:
    """Words of the products by field; under COVERAGE those of all fields together."""
    texts = ([tuple(getattr(product, field) for field in FIELDS) for product in part] for part in _parts(products))
    parts = list(engine.map(_counting, texts))
    return {field: CountedWords.joined([part[column] for part in parts]) for column, field in enumerate((*FIELDS, COVERAGE))}


def _parts(products: Sequence[Product]) -> Iterator[Sequence[Product]]:
    """Runs of products that are counted at once."""
    return (products[start : start + PART] for start in range(0, len(products), PART))


def _counting() -> Callable[[list[tuple[str, ...]]], list[CountedWords]]:
    """A worker of an engine: texts of FIELDS of some products -> their words by field, then all together."""

    def count(texts: list[tuple[str, ...]]) -> list[CountedWords]:
        tokens = [[tokenize(text) for text in product] for product in texts]
        fields = [CountedWords.of([product[column] for product in tokens]) for column in range(len(FIELDS))]
        return [*fields, CountedWords.of([list(chain.from_iterable(product)) for product in tokens])]

    return count
