"""LightGBM LambdaMART of the size that the leaderboard trains at most, on the pair scores of a package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fuserank.features import build_query_features
from fuserank.serving.service import RankingService
from fuserank.slates import Features
from fuserank.types import Query
from tests.benchmarks.serving.asked import Texts

QUERIES, CANDIDATES = 64, 200
TREES, LEAVES = 400, 31  # as `fuserank.baselines.lambdamart`, never stopped early


def asked_features(service: RankingService, texts: list[str]) -> Features:
    """Features of texts with the products of a service."""
    queries = [Query(str(number), text) for number, text in enumerate(texts)]
    found, _ = build_query_features(queries, service.modalities, service.stock.catalogue, None, {}.__getitem__, workers=0)
    return Features(service.modalities, service.stock.catalogue, found)


def train_trees(service: RankingService, out: Path) -> Path:
    """Write a booster; grades follow the pair scores, with noise, so that every tree has something to split."""
    import lightgbm

    rng, texts = np.random.default_rng(0), Texts()
    features = asked_features(service, [texts(number) for number in range(QUERIES)])
    slates = [features.slate(q, rng.choice(len(features.catalogue), CANDIDATES, replace=False)) for q in range(QUERIES)]
    pairs = np.concatenate([slate.pairs for slate in slates])
    likely = pairs @ rng.random(pairs.shape[1]) + rng.normal(0, 0.1, len(pairs))
    grades = np.digitize(likely, np.quantile(likely, (0.7, 0.9, 0.97)))
    trees = lightgbm.LGBMRanker(
        objective="lambdarank", n_estimators=TREES, num_leaves=LEAVES, learning_rate=0.05, n_jobs=1, verbose=-1
    )
    trees.fit(pairs, grades, group=[CANDIDATES] * QUERIES)
    trees.booster_.save_model(str(out))
    return out
