"""What went wrong on each test query, with ids: all that rows, words, page and sheet of the study `errors` are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from fuserank.evaluation.entries import Score
from fuserank.modalities.tokens import tokenize
from fuserank.pipeline.studies.bench import Bench
from fuserank.pipeline.studies.lost_gain import K, LostGain, lost_gain, missed, ranking
from fuserank.slates import Slate
from fuserank.types import Product

MISSED_SHOWN = 5


@dataclass(frozen=True)
class Placed:
    """A product on a query's slate; rank 1 is the top."""

    product_id: str
    grade: float
    rank: int


@dataclass(frozen=True)
class Mistakes:
    """One test query.

    Attributes:
        query_id: of the query.
        lost: parts of its loss.
        best: how many of its candidates have its highest grade.
        words: what it asks for, as tokens; of a query without words, those in the title of its best product.
        missed: some of the missed products, the highest grade first, of a grade those that came closest.
        top: the first K.
        word_in_text: word of the query's text -> share of the missed products in whose text it stands; {} for a query without
            words or without a missed product. Each missed product counts by the places that it would fill.
        all_in_text: share of those in whose text all of them stand; None where `word_in_text` is empty.
    """

    query_id: str
    lost: LostGain
    best: int
    words: tuple[str, ...]
    top: tuple[Placed, ...]
    missed: tuple[Placed, ...]
    word_in_text: dict[str, float]
    all_in_text: float | None

    @property
    def ndcg(self) -> float:
        """nDCG@10."""
        return max(0.0, 1 - self.lost.whole)  # the parts sum to 1 but for rounding

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `Mistakes.of` is the inverse."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Mistakes:
        """Mistakes as `as_dict` gave them, or as JSON gives them back."""
        placed = {name: tuple(Placed(**one) for one in values[name]) for name in ("top", "missed")}
        return cls(**{**values, **placed, "lost": LostGain(**values["lost"]), "words": tuple(values["words"])})


def mistakes(bench: Bench, score: Score) -> list[Mistakes]:
    """What a ranker does wrong on each test query.

    Args:
        score: of the ranker, as `fuserank.pipeline.evaluate.score_with` gives it.
    """
    products = {product.product_id: product for product in bench.job.dataset.products}
    queries = {query.query_id: query for query in bench.job.dataset.queries}
    ids = bench.features.catalogue.product_ids

    @cache
    def words_of(product_id: str) -> frozenset[str]:
        return frozenset(tokenize(_text(products[product_id])))

    def look(slate: Slate, words: tuple[str, ...]) -> Mistakes:
        query, scores = queries[bench.features.queries.query_ids[slate.query]], score(slate)
        order, (lacking, weights) = ranking(scores), missed(scores, slate.grades)
        rank_of = {int(candidate): rank for rank, candidate in enumerate(order, start=1)}
        closest = lacking[np.argsort(-slate.grades[lacking], kind="stable")][:MISSED_SHOWN]

        def placed(candidate: int) -> Placed:
            return Placed(ids[slate.rows[candidate]], float(slate.grades[candidate]), rank_of[int(candidate)])

        asked = words if query.text else ()
        texts = [words_of(ids[slate.rows[candidate]]) for candidate in lacking]
        share = {word: float(np.average([word in text for text in texts], weights=weights)) for word in asked if texts}
        return Mistakes(
            query.query_id,
            lost_gain(scores, slate.grades),
            int((slate.grades == slate.grades.max()).sum()),
            words,
            tuple(placed(candidate) for candidate in order[:K]),
            tuple(placed(candidate) for candidate in closest),
            share,
            float(np.average([text.issuperset(asked) for text in texts], weights=weights)) if share else None,
        )

    return [look(slate, words) for slate, words in zip(bench.test, words_asked(bench, bench.test), strict=True)]


def words_asked(bench: Bench, slates: Sequence[Slate]) -> list[tuple[str, ...]]:
    """What the query of each slate asks for, as tokens without repeats.

    A query without words, but with a picture or a sound, asks for those in the title of its best product, the first among equals.
    """
    titles = {product.product_id: product.title for product in bench.job.dataset.products}
    queries = {query.query_id: query for query in bench.job.dataset.queries}
    ids, found = bench.features.catalogue.product_ids, []
    for slate in slates:
        query = queries[bench.features.queries.query_ids[slate.query]]
        shown = query.image or query.audio
        text = query.text or (titles[ids[slate.rows[slate.grades.argmax()]]] if shown else "")
        found.append(tuple(dict.fromkeys(tokenize(text))))
    return found


def _text(product: Product) -> str:
    """All of a product that is text and a feature."""
    return " ".join((product.title, product.description, product.category, product.brand))
