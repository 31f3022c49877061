"""A word index that grows: added products are scored by the counts of the base, which is never indexed again.

N, idf and mean lengths stay the base's; a word that the base's field has not gets its idf out of N and the number of living added
products that have it there, and counts in what a query could attain for all products alike. So scores stay in [0, 1] and compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.modalities.bm25 import CountedWords, WordCounts, index_of, shares
from fuserank.modalities.lexical import LexicalIndex, counted_fields, saturation
from fuserank.modalities.top_rows import top_rows
from fuserank.types import Product

Postings = Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class AddedWords:
    """Words of n added products.

    Attributes:
        count: n.
        fields: field -> term -> (int64 rows that have it, ascending; float64 what it gives there of its idf).
    """

    count: int
    fields: Mapping[str, Postings]

    @classmethod
    def of(cls, products: Sequence[Product], counts: WordCounts) -> AddedWords:
        """Read products; `counts` are the base's."""
        fields = counted_fields(products)
        return cls(len(products), {f: _postings(words, counts.lengths[f], *saturation(f)) for f, words in fields.items()})

    def followed_by(self, other: AddedWords) -> AddedWords:
        """The products of both, in order."""
        fields = {}
        for field, mine in self.fields.items():
            together = dict(mine)
            for term, (rows, found) in other.fields[field].items():
                old_rows, old_found = mine.get(term, (rows[:0], found[:0]))
                together[term] = np.append(old_rows, rows + self.count), np.append(old_found, found)
            fields[field] = together
        return AddedWords(self.count + other.count, fields)


def _postings(words: CountedWords, mean: float, k1: float, b: float) -> Postings:
    tf = words.tf.tocsc()
    rows, found = tf.indices.astype(np.int64), shares(tf.data, words.lengths[tf.indices], mean, k1, b)
    spans = zip(words.vocabulary, tf.indptr[:-1], tf.indptr[1:], strict=True)
    return {word: (rows[start:stop], found[start:stop]) for word, start, stop in spans}


@dataclass(frozen=True)
class GrownLexical(LexicalIndex):
    """A base index with products added below and some rows dead; count, and rows of every score, are of both.

    Attributes:
        fields: those of the base.
        counts: those of the base.
        base: the index that grew.
        added: what was added, in order.
        alive: bool (count,); a dead row is never found, and a word of dead added products alone is unknown.
    """

    base: LexicalIndex
    added: tuple[AddedWords, ...]
    alive: np.ndarray

    @classmethod
    def over(cls, base: LexicalIndex, added: Sequence[AddedWords], alive: np.ndarray) -> GrownLexical:
        """Grow a base; costs nothing."""
        return cls(base.count + sum(part.count for part in added), base.fields, base.counts, base, tuple(added), alive)

    def top(self, text: str, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
        """As `LexicalIndex.top`, of living rows."""
        total = self.scores(text).sum(axis=1)
        able = (total > 0) & self.alive
        return top_rows(total, k, able if allowed is None else able & allowed)

    def frequency(self, field: str, term: str) -> int:
        """In the base; of a term that it has not, among the living added products."""
        return self.base.frequency(field, term) or self._frequency(field, term)

    def sums(self, terms: Sequence[str], rows: np.ndarray | None = None) -> np.ndarray:
        """As `LexicalIndex.sums`, of base and added products."""
        if rows is None:
            return np.concatenate([self.base.sums(terms).T, self._added_sums(terms)], axis=1).T
        sums, old = np.zeros((len(self.fields), len(rows)), np.float32), rows < self.base.count
        sums[:, old] = self.base.sums(terms, rows[old]).T
        if not old.all():
            sums[:, ~old] = self._added_sums(terms)[:, rows[~old] - self.base.count]
        return sums.T

    def words(self, field: str) -> list[list[str]]:
        """As `LexicalIndex.words`, of base and added products."""
        found: list[list[str]] = [*self.base.words(field), *([] for _ in range(self.count - self.base.count))]
        for start, part in self._parts():
            for term, (rows, _) in part.fields[field].items():
                for row in rows:
                    found[start + row].append(term)
        return found

    def save(self, folder: Path) -> None:
        """Write the living rows, as `taken` gives them."""
        self.taken(np.flatnonzero(self.alive)).save(folder)

    def taken(self, rows: np.ndarray) -> LexicalIndex:
        """An index of some rows, int (n,) ascending, in memory. It gives them the scores that this one gives, to rounding."""
        fields, frequencies = {}, {}
        for field in self.fields:
            matrix, vocabulary = self._matrix(field)
            fields[field] = index_of(matrix[rows], vocabulary, *saturation(field))
            old, new = self.counts.frequencies.get(field, np.zeros(0, np.int32)), list(vocabulary)
            new = new[len(old) :]
            frequencies[field] = np.concatenate([old, np.array([self._frequency(field, term) for term in new], np.int32)])
        return LexicalIndex(len(rows), fields, WordCounts(self.counts.documents, self.counts.lengths, frequencies))

    def _parts(self) -> Iterator[tuple[int, AddedWords]]:
        """Each added part with its first row."""
        start = self.base.count
        for part in self.added:
            yield start, part
            start += part.count

    def _frequency(self, field: str, term: str) -> int:
        """Living added products that have the term in the field."""
        found = ((start, part.fields[field].get(term)) for start, part in self._parts())
        return sum(int(self.alive[start + here[0]].sum()) for start, here in found if here is not None)

    def _added_sums(self, terms: Sequence[str]) -> np.ndarray:
        """float32 (5, added rows)."""
        sums = np.zeros((len(self.fields), self.count - self.base.count), np.float32)
        for column, field in zip(sums, self.fields, strict=True):
            for start, rows, found in self._found(field, [term for term in terms if self.knows(field, term)]):
                column[start - self.base.count + rows] += found
        return sums

    def _found(self, field: str, terms: Sequence[str]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Of each term in each part: its first row, rows from there, and BM25 of the term, float32 as bm25s has it."""
        for term, idf in zip(terms, self.idf(field, terms).astype(np.float32), strict=True):
            for start, part in self._parts():
                here = part.fields[field].get(term)
                if here is not None:
                    yield start, here[0], (idf * here[1]).astype(np.float32)

    def _matrix(self, field: str) -> tuple[Any, dict[str, int]]:
        """BM25 of every row and word of a field, scipy csr (count, V), and its vocabulary: the base's, then what is new."""
        from scipy import sparse

        index = self.fields[field]
        vocabulary = {} if index is None else dict(index.vocab_dict)
        terms = list(dict.fromkeys(t for part in self.added for t in part.fields[field] if self.knows(field, t)))
        for term in terms:
            vocabulary.setdefault(term, len(vocabulary))
        old = sparse.csc_matrix((self.base.count, len(vocabulary)), dtype=np.float32)
        if index is not None:
            starts = np.pad(index.scores["indptr"], (0, len(vocabulary) + 1 - len(index.scores["indptr"])), mode="edge")
            old = sparse.csc_matrix((index.scores["data"], index.scores["indices"], starts), shape=old.shape)
        rows, columns, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for term in terms:
            for start, having, found in self._found(field, [term]):
                rows.append(start - self.base.count + having)
                columns.append(np.full(len(having), vocabulary[term]))
                values.append(found)
        triplets = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        new = sparse.csr_matrix(triplets, shape=(self.count - self.base.count, len(vocabulary)))
        return sparse.vstack([old.tocsr(), new], format="csr"), vocabulary
