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
    """An index whose documents are changed forms of products of another: count = V.

    Attributes:
        fields: those of the catalogue's index.
        original: the catalogue's index.
        rows: (V,) row of the product in the catalogue that each was changed from.
        before: (V) the products as the catalogue holds them.
        after: (V) the changed ones, whose fields have no term that they did not have before.
    """

    original: LexicalIndex
    rows: np.ndarray
    before: Sequence[Product]
    after: Sequence[Product]

    def scores(self, text: str) -> np.ndarray:
        """Scores of a query as `LexicalIndex.scores` gives them: float32 (V, 5)."""
        scores = self.original.scores(text)[self.rows]
        terms = list(dict.fromkeys(tokenize(text)))
        for column, (field, index) in enumerate(self.fields.items()):
            known = [] if index is None else [term for term in terms if term in index.vocab_dict]
            if known and scores[:, column].any():
                scores[:, column] *= self._shares_left(field, index, known)
        return scores

    def _shares_left(self, field: str, index: Any, known: Sequence[str]) -> np.ndarray:
        """(V,) what is left of a field's score, 0 .. a little over 1: a shorter field makes what remains of it count more."""
        each = {term: index.get_scores([term])[self.rows] for term in known}
        left = np.zeros(len(self.rows))
        for v, (old, new) in enumerate(zip(self.before, self.after, strict=True)):
            given = {term: float(scores[v]) for term, scores in each.items() if scores[v] > 0}
            if given:
                kept = _kept(field, index, given, _tokens(old, field), _tokens(new, field), self.original.count)
                left[v] = kept / sum(given.values())
        return left


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
