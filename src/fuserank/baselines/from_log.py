"""Rankers that read the log of what shoppers took: each query is answered by a model of what was logged before it.

They know what the `behaviour` scores of the same query know, no more and no less: the log up to the same moment, and the
shopper's own past. Their own knobs are tuned on the validation slates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fuserank.metrics.ndcg import ndcg
from fuserank.modalities.behaviour import BehaviourIndex, Past
from fuserank.modalities.shopping_log import ShoppingLog
from fuserank.slates import Features, Slate

LogModel = Callable[[Past], np.ndarray]  # scores of all N products for one past
FitLog = Callable[[ShoppingLog, int], LogModel]  # the log before a moment, and the moment in milliseconds since 1970


def best_from_log(
    name: str, features: Features, val: Sequence[Slate], settings: Sequence[FitLog]
) -> Mapping[str, Callable[[Slate], np.ndarray]]:
    """The setting with the highest mean nDCG@10 on the validation slates (the first of equals), under `name`; {} without a log."""
    index = features.catalogue.behaviour
    if index is None or index.log is None:
        return {}
    scorers = [_scorer(features, index, index.log, fit) for fit in settings]
    quality = [np.mean([ndcg(score(slate), slate.grades) for slate in val]) for score in scorers]
    return {name: scorers[int(np.argmax(quality))]}


def _scorer(features: Features, index: BehaviourIndex, log: ShoppingLog, fit: FitLog) -> Callable[[Slate], np.ndarray]:
    models: dict[int, LogModel] = {}

    def score(slate: Slate) -> np.ndarray:
        past = features.queries.pasts[slate.query]
        snapshot = index.at(past.moment)
        moment = 0 if snapshot is None else int(snapshot.moment)
        known = log.before(moment)
        if not len(known):
            return np.zeros(len(slate.rows), np.float32)
        if moment not in models:
            models[moment] = fit(known, moment)
        return models[moment](past)[slate.rows].astype(np.float32)

    return score
