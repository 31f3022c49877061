"""Scenes of the study of behaviour: who visits, what the older ranker goes by, and the clicks that come of it.

The older ranker finds what is of the kind that was asked for, and puts on top what its words match: what only a picture shows comes
late, and is clicked seldom for its place. Another puts what is cheap on top, and a worse one also hides what is dear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fuserank.click_models import ClickLog
from fuserank.click_models.from_interactions import from_interactions
from fuserank.data.sample.biased_shoppers import Crowd, visits
from fuserank.pipeline.clicked import ADDITIVE
from fuserank.pipeline.studies.bench import Bench
from fuserank.slates import Slate

WORDS, PRICE = "words", "price"  # what an older ranker goes by
TRUTH = "true grades"
WAYS = ("naive", "rate", "ipw", ADDITIVE)  # of the setting training.clicks
JUDGED = ("judged by pbm",)


@dataclass(frozen=True)
class Scene:
    """Who comes, what the older ranker goes by, and what is learned from it."""

    crowd: Crowd
    ways: tuple[str, ...]
    goes_by: str = WORDS


CLEAN = Crowd(sessions=10_000, liking=3.0, knows=1, noise=0.5)
BY_PRICE = Crowd(sessions=10_000, liking=2.0)
SCENES = {
    "people": Scene(CLEAN, (TRUTH, *WAYS, *JUDGED)),
    "5 % robots that click all": Scene(replace(CLEAN, robots=0.05, robots_click="all"), ("naive", "ipw")),
    "5 % robots that click the first": Scene(replace(CLEAN, robots=0.05, robots_click="first"), ("naive", "ipw")),
    "people, cheap on top": Scene(BY_PRICE, ("naive", "ipw"), PRICE),
    "people, dear products hidden": Scene(replace(BY_PRICE, hides=2.0), ("naive", "ipw"), PRICE),
}


@dataclass(frozen=True)
class Logs:
    """Clicks on training and on validation queries."""

    train: ClickLog
    val: ClickLog


def logs_of(bench: Bench, scene: Scene, seed: int) -> Logs:
    """What a crowd does, dealt to training and validation queries by how many there are."""
    counts = [len(bench.train), len(bench.val)]
    rng, share = np.random.default_rng([seed, 1]), counts[1] / sum(counts)
    sessions = round(scene.crowd.sessions * share)
    return Logs(
        _log(bench, bench.train, "train", scene, scene.crowd.sessions - sessions, rng),
        _log(bench, bench.val, "val", scene, sessions, rng),
    )


def _log(bench: Bench, slates: Sequence[Slate], split: str, scene: Scene, sessions: int, rng: np.random.Generator) -> ClickLog:
    """Visits to the queries of these slates, over all products of the split."""
    dataset, asked = bench.job.dataset, [slate.query for slate in slates]
    queries = [bench.features.queries.query_ids[query] for query in asked]
    products = [product for product in dataset.products if product.split in (None, split)]
    names = [product.product_id for product in products]
    grades = np.array([[dataset.qrels[query].get(name, 0) for name in names] for query in queries])
    if scene.goes_by == PRICE:
        cheap = -np.log1p([product.price or 0.0 for product in products])
        liking = np.broadcast_to(cheap - cheap.mean(), grades.shape)
    else:
        liking = np.stack([_by_words(bench, query, bench.features.catalogue.rows(names)) for query in asked])
    crowd = replace(scene.crowd, sessions=sessions)
    return from_interactions(visits(grades, liking / liking.std(), queries, names, crowd, rng))


def _by_words(bench: Bench, query: int, rows: np.ndarray) -> np.ndarray:
    """(N,) BM25 over all fields; 0 where a query has no words."""
    lexical, words = bench.features.catalogue.lexical, bench.features.queries.texts[query]
    return np.zeros(len(rows)) if lexical is None or not words else lexical.scores(words, rows).sum(axis=1).astype(float)
