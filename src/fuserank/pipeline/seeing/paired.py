"""Two rankers on the same queries: the paired summary, and the same by cuts of the queries. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.explain.faithfulness import interval
from fuserank.merchandising.words import tokens
from fuserank.metrics.significance import paired_p
from fuserank.types import Query

SAME = 1e-9  # differences of nDCG@10 below it are rounding
MOST = 12  # values of a cut; the rest is one more


@dataclass(frozen=True)
class Paired:
    """The second ranker against the first. nDCG@10 has linear gain.

    Attributes:
        queries: how many.
        first, second: mean nDCG@10.
        difference, low, high: mean of second minus first, and its 95 % bootstrap interval.
        p: of the paired randomisation test that the gate makes, here two-sided.
        worse, same, better: queries on which the second gives less, as much, more.
    """

    queries: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    worse: int
    same: int
    better: int


def paired(first: Sequence[float], second: Sequence[float]) -> Paired:
    """Summarise (Q,) values of the same queries in the same order, Q ≥ 1."""
    old, new = np.asarray(first, float), np.asarray(second, float)
    gained = np.where(np.abs(new - old) < SAME, 0.0, new - old)
    bounds = interval(gained)
    return Paired(
        len(gained),
        float(old.mean()),
        float(new.mean()),
        float(gained.mean()),
        bounds.low,
        bounds.high,
        paired_p(gained, np.zeros(len(gained))),
        int((gained < 0).sum()),
        int((gained == 0).sum()),
        int((gained > 0).sum()),
    )


def cuts(dataset: Dataset, query_ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """cut -> value -> ids of the queries; a cut that has one value only says nothing and is left out.

    A query's category is the one that most of its products of the highest grade have. *Head* queries have as many logged events as
    the median query or more, where the log names queries at all.
    """
    queries = {query.query_id: query for query in dataset.queries}
    category = {product.product_id: product.category for product in dataset.products}
    events = Counter(event.query_id for event in dataset.interactions if event.query_id)
    asked = [events[query_id] for query_id in query_ids]
    median = float(np.median(asked)) if any(asked) else 0.0
    found: dict[str, dict[str, list[str]]] = {}
    for query_id in query_ids:
        query = queries[query_id]
        values = {
            "locale": query.locale or "not stated",
            "asks with": kind_of(query),
            "words": _length(query),
            "category": _category(dataset.qrels[query_id], category),
            "asked how often": ("head" if events[query_id] >= median else "tail") if any(asked) else "",
        }
        for cut, value in values.items():
            found.setdefault(cut, {}).setdefault(value, []).append(query_id)
    return {cut: _largest(of) for cut, of in found.items() if len(of) > 1}


def kind_of(query: Query) -> str:
    """What a query asks with, such as ``text`` or ``text and picture``."""
    given = {"text": query.text, "picture": query.image, "sound": query.audio, "history": query.user_id}
    return " and ".join(name for name, value in given.items() if value) or "nothing"


def _length(query: Query) -> str:
    words = len(tokens(query.text))
    return next(name for name, most in (("none", 0), ("1", 1), ("2–3", 3), ("4 and more", words)) if words <= most)


def _category(grades: Mapping[str, int], category: Mapping[str, str]) -> str:
    top = max(grades.values(), default=0)
    names = Counter(category.get(product, "") for product, grade in grades.items() if grade == top)
    return (names.most_common(1)[0][0] if names else "") or "not stated"


def _largest(of: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The largest values, the rest as one."""
    ordered = sorted(of.items(), key=lambda item: (-len(item[1]), item[0]))
    rest = [query_id for _, ids in ordered[MOST:] for query_id in ids]
    return dict(ordered[:MOST]) | ({"others": rest} if rest else {})
