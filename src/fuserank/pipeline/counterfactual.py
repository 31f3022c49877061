"""What the ranking of a model would have earned, from a dataset's interactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fuserank.click_models import ClickLog
from fuserank.click_models.pbm import position_based
from fuserank.counterfactual import ESTIMATORS, WORTHS, Estimate, as_logged, difference, estimated, reranked
from fuserank.counterfactual.estimators import ADDITIVE
from fuserank.counterfactual.rankings import CLIP
from fuserank.errors import InputError
from fuserank.model_folder import check_encoders, load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.gate import registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.judge_clicks import click_log


@dataclass(frozen=True)
class Counterfactual:
    """The value of a model's ranking, a list.

    Attributes:
        version: of the model.
        worth: what a place is worth, name in WORTHS.
        lists, shoppers: of the log.
        shown: the value of the lists as they were shown.
        values: of the model's ranking, by estimator.
        differences: model minus shown, on the same lists.
        effective: lists that would say as much if all had the same weight.
        covered: share of the model's ranking, by worth, that the log has ever shown for the query.
    """

    version: str
    worth: str
    lists: int
    shoppers: int
    shown: Estimate
    values: tuple[Estimate, ...]
    differences: tuple[Estimate, ...]
    effective: float
    covered: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def counterfactual(job: Job, *, version: str = "", worth: str = "clicks", clip: float = CLIP) -> Counterfactual:
    """Value a registered model on the queries of the log.

    Args:
        version: of the model, its beginning or end will do; "": the champion.
        worth: name in WORTHS.
        clip: no weight is above.

    Raises:
        InputError: no such model, or no champion.
        TooFewError: no clicks, or too few to tell place from preference.
    """
    models = registry(job)
    chosen = models.find(version) if version else models.champion()
    if chosen is None:
        raise InputError(f"{job.name} has no champion", allowed="a registered model", todo="run the chain, or name --version")
    log = click_log(job.dataset)
    estimate = position_based(log)
    places = WORTHS[worth](estimate.examination)
    rankings = dict(_rankings(job, chosen, log, len(places)))
    attraction = dict(estimate.by_query(log))
    ours = reranked(log, estimate, rankings, places, attraction=attraction, clip=clip)
    shown = as_logged(log, estimate, places)
    return Counterfactual(
        version=chosen,
        worth=worth,
        lists=log.lists,
        shoppers=len(np.unique(log.shopper)),
        shown=estimated(shown, "ips"),
        values=tuple(estimated(ours, name) for name in ESTIMATORS),
        differences=tuple(difference(ours, shown, name) for name in ADDITIVE),
        effective=ours.effective,
        covered=ours.covered,
    )


def _rankings(job: Job, version: str, log: ClickLog, depth: int) -> Iterator[tuple[str, list[str]]]:
    """(query id, its best products) of every query in the log: of all products of its split, as the model orders them."""
    features, _ = extract(job)
    ranker, meta = load_model(registry(job).path(version))
    check_encoders(meta, job.modalities)
    score = score_with(features, ranker, meta.settings.get("keep", [m.name for m in job.modalities]))
    ids = np.array(features.catalogue.product_ids, object)
    splits = {product.product_id: product.split for product in job.dataset.products}
    sides = np.array([splits[product] or "" for product in ids])
    of_query = {query.query_id: (q, query.split) for q, query in enumerate(job.dataset.queries)}
    for query in log.queries[np.unique(log.query)].tolist():
        number, split = of_query[query]
        rows = np.flatnonzero((sides == "") | (sides == split))
        scores = score(features.slate(number, rows))
        yield query, ids[rows[np.argsort(-scores, kind="stable")[:depth]]].tolist()
