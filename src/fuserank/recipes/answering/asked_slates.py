"""A slate for every question, also where no candidate answers it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.slates import Features, Slate
from fuserank.types import Product, Query


def asked_slates(features: Features, dataset: Dataset, split: str) -> list[Slate]:
    """The slates of a split's questions, in file order; `judged_slates` leaves out those that nothing answers.

    Candidates are those judged for the question (manifest ``judged``), or all of its split (``split``): of these the ones in the
    question's language where there are any, as the filter of a search gives them.
    """
    row_of = {product_id: row for row, product_id in enumerate(features.catalogue.product_ids)}
    query_row = {query_id: row for row, query_id in enumerate(features.queries.query_ids)}
    slates = []
    for query in dataset.queries:
        if query.split == split:
            judged = dataset.qrels.get(query.query_id, {})
            ids = list(judged) if dataset.manifest.candidates == "judged" else _in_language(dataset.products, query)
            rows = np.array([row_of[product_id] for product_id in ids], np.int64)
            # Equal scores keep the order of the slate, and the order of a table may tell the answer.
            order = np.random.default_rng(list(query.query_id.encode())).permutation(len(rows))
            grades = np.array([judged.get(product_id, 0) for product_id in ids], np.float32)
            slates.append(features.slate(query_row[query.query_id], rows[order], grades[order]))
    return slates


def _in_language(products: Sequence[Product], query: Query) -> list[str]:
    here = [product for product in products if product.split in (None, query.split)]
    same = [product.product_id for product in here if product.locale == query.locale]
    return same or [product.product_id for product in here]
