"""Training slates out of clicks in place of judgments."""

from __future__ import annotations

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import need_clicks
from fuserank.click_models.weighting import WEIGHTINGS, graded
from fuserank.data.dataset import Dataset
from fuserank.pipeline.judge_clicks import click_log
from fuserank.slates import Features, Slate, judged_slates

ADDITIVE = "additive"
OTHERS = 40  # products beside a list that were not in it: from what was shown alone nobody learns what was not worth showing


def clicked_slates(features: Features, dataset: Dataset, way: str, *, pool: int | None) -> list[Slate]:
    """Slates of the training queries that have clicks in the dataset's interactions; arguments and errors as of `slates_of_log`."""
    log = click_log(dataset).of_queries({query.query_id for query in dataset.queries if query.split == "train"})
    return slates_of_log(features, dataset, log, way, "train", pool=pool)


def slates_of_log(
    features: Features, dataset: Dataset, log: ClickLog, way: str, split: str, *, pool: int | None = None
) -> list[Slate]:
    """Slates of the queries of a split that have clicks in a log.

    Args:
        log: of queries of this split.
        way: name in WEIGHTINGS, for a slate of all candidates a query whose gains are weighted clicks; or ``additive``, for a slate
            a list: what was shown, with its places, and some other candidates without.
        pool: as of `judged_slates`.

    Raises:
        TooFewError: no click, or too little to estimate propensities from.
    """
    need_clicks(log)
    highest = float(dataset.manifest.max_grade)
    if way == ADDITIVE:
        return _shown(features, dataset, log, split, highest)
    return list(judged_slates(features, dataset, split, pool=pool, grades=graded(log, WEIGHTINGS[way](log), highest)))


def _shown(features: Features, dataset: Dataset, log: ClickLog, split: str, highest: float) -> list[Slate]:
    """A slate a list in which some products were clicked and some were not, and a random draw of what it did not show."""
    row_of = {product: row for row, product in enumerate(features.catalogue.product_ids)}
    query_of = {query: q for q, query in enumerate(features.queries.query_ids)}
    rows = np.array([row_of.get(product, -1) for product in log.products], np.int64)
    others = np.array([row_of[p.product_id] for p in dataset.products if p.split in (None, split)], np.int64)
    others, rng = others if dataset.manifest.candidates == "split" else others[:0], np.random.default_rng(0)
    starts = np.searchsorted(log.row, np.arange(log.lists + 1))
    slates = []
    for query, start, end in zip(log.query.tolist(), starts[:-1], starts[1:], strict=True):
        clicked = log.clicked[start:end]
        if not len(clicked) or clicked.min() == clicked.max():
            continue
        shown = rows[log.product[start:end]]
        rest = np.setdiff1d(rng.choice(others, min(OTHERS, len(others)), replace=False), shown)
        blank = np.zeros(len(rest))
        grades = np.concatenate([clicked * highest, blank]).astype(np.float32)
        places = np.concatenate([log.place[start:end], blank.astype(log.place.dtype)])
        slates.append(features.slate(query_of[log.queries[query]], np.concatenate([shown, rest]), grades, places))
    return slates
