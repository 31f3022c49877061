"""Word scores of products that were changed, by the statistics of the catalogue that they come from.

Building the index again for every change would cost a pass over the catalogue each time, and would move the idf of every other
product a little. Here the changed text is scored as a document of the same catalogue: its idf and its mean field length hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fuserank.modalities.lexical import COVERAGE, FIELD_B, FIELDS, K1, B, LexicalIndex
from fuserank.modalities.tokens import tokenize
from fuserank.types import Product


@dataclass(frozen=True)
class ChangedLexical(LexicalIndex):
    """An index whose documents are changed forms of one product of another: count = V.

    Attributes:
        fields: those of the catalogue's index.
        original: the catalogue's index.
        row: of the product in the catalogue.
        before: the product as the catalogue holds it.
        after: the V changed ones, whose fields have no term that they did not have before.
    """

    original: LexicalIndex
    row: int
    before: Product
    after: Sequence[Product]

    def scores(self, text: str, rows: np.ndarray | None = None) -> np.ndarray:
        """Scores of a query as `LexicalIndex.scores` gives them: float32 (V, 5), or (n, 5) of rows alone."""
        (whole,) = self.original.scores(text, np.array([self.row]))
        terms = list(dict.fromkeys(tokenize(text)))
        scores = np.zeros((self.count, len(whole)), np.float32)
        for column, (field, index) in enumerate(self.fields.items()):
            if whole[column] > 0:
                scores[:, column] = whole[column] * self._shares_left(field, index, [t for t in terms if t in index.vocab_dict])
        return scores if rows is None else scores[rows]

    def _shares_left(self, field: str, index: Any, terms: Sequence[str]) -> np.ndarray:
        """(V,) what is left of a field's score, 0 .. a little over 1: a shorter field makes what remains of it count more."""
        scores = {term: float(index.get_scores([term])[self.row]) for term in terms}
        given = {term: score for term, score in scores.items() if score > 0}
        old = _tokens(self.before, field)
        kept = [_kept(field, index, given, old, _tokens(form, field), self.original.count) for form in self.after]
        return np.array(kept) / sum(given.values())


def _kept(field: str, index: Any, given: dict[str, float], old: list[str], new: list[str], count: int) -> float:
    """What terms give a changed document, each having given `given[term]` to the document as it was."""
    if field == COVERAGE:  # k1 = 0: a term counts once wherever it stands
        return sum(score for term, score in given.items() if term in new)
    was, now = Counter(old), Counter(new)
    b, total = FIELD_B.get(field, B), 0.0
    for term, score in given.items():
        saturated = score / _idf(index, term, count)  # tf / (tf + k1 · norm)
        norm = was[term] * (1 / saturated - 1) / K1  # 1 - b + b · length / mean length, read back out of the stored score
        changed = 1 - b + (norm - 1 + b) * len(new) / len(old)
        total += score / saturated * now[term] / (now[term] + K1 * changed) if now[term] else 0.0
    return total


def _tokens(product: Product, field: str) -> list[str]:
    fields = FIELDS if field == COVERAGE else (field,)
    return [token for name in fields for token in tokenize(getattr(product, name))]


def _idf(index: Any, term: str, count: int) -> float:
    """Lucene's idf, ln(1 + (N - df + 0.5) / (df + 0.5)) (as in `fuserank.modalities.lexical`)."""
    column = index.vocab_dict[term]
    df = index.scores["indptr"][column + 1] - index.scores["indptr"][column]
    return float(np.log1p((count - df + 0.5) / (df + 0.5)))
