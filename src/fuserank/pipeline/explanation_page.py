"""What the page of an explanation shows: each product with its picture, and its shares as bars beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fuserank.explain import Explanation, ProductExplanation, Word
from fuserank.pipeline.job import Job
from fuserank.pipeline.thumbnail import data_uri
from fuserank.types import Product, Query

SIDE = 160  # pixels of a thumbnail


def page_context(job: Job, explanation: Explanation, query: Query, products: Mapping[str, Product], ranker: str) -> dict[str, Any]:
    """The names that `explanation.html` uses.

    Args:
        products: by id; those explained are looked up.
        ranker: name of the ranker, as the page says it.
    """
    explained = explanation.products
    return {
        "title": f"Why this order: {explanation.words or explanation.query_id}",
        "dataset": job.name,
        "ranker": ranker,
        "query": explanation,
        "query_picture": data_uri(job, query.image, SIDE),
        "products": [_card(job, product, products[product.product_id]) for product in explained],
        "longest": max((abs(share) for p in explained for share in _all_shares(p)), default=0.0),
        "notes": explanation.notes,
        "took": explanation.took_ms,
    }


def _card(job: Job, explained: ProductExplanation, product: Product) -> dict[str, Any]:
    bars = {"Modalities": explained.modalities, "Families": explained.families, "Fields": explained.fields}
    words = {"Query": explained.query_words, "Title": explained.title_words}
    heats = {"in the product's picture": explained.product_heat, "in the query's picture": explained.query_heat}
    return {
        "title": product.title,
        "picture": data_uri(job, product.image, SIDE),
        "explained": explained,
        "bars": {name: _sorted(shares) for name, shares in bars.items() if shares},
        "words": {name: (shares, _largest(shares)) for name, shares in words.items() if shares},
        "heats": {name: heat for name, heat in heats.items() if heat},
    }


def _sorted(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: -abs(item[1]))


def _largest(words: Iterable[Word]) -> float:
    return max((abs(word.share) for word in words), default=0.0)


def _all_shares(product: ProductExplanation) -> list[float]:
    return [share for shares in (product.modalities, product.families, product.fields) for share in (shares or {}).values()]
