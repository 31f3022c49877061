"""What is compared: a ranker is a name, a kind and a function from a slate to scores."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.slates import Features, Slate

Score = Callable[[Slate], np.ndarray]
KINDS = ("random", "single", "fixed", "peer", "fusion")


@dataclass(frozen=True)
class Entry:
    """One trained or untrained ranker.

    Attributes:
        name: the same for all seeds of a ranker.
        kind: one of KINDS.
        score: (N,) float32 scores of a slate, any finite number, higher is better.
        seed: of its training; 0 where nothing is random.
    """

    name: str
    kind: str
    score: Score
    seed: int = 0


def rank(entry: Entry, features: Features, slates: Sequence[Slate]) -> tuple[dict[str, tuple[list[str], np.ndarray]], np.ndarray]:
    """Rank slates.

    Returns:
        query_id -> (product ids best first, scores descending), and all scores in the order of slates and candidates.
    """
    rankings, scores_of_all = {}, []
    for slate in slates:
        scores = entry.score(slate)
        order = np.argsort(-scores, kind="stable")
        ids = [features.catalogue.product_ids[row] for row in slate.rows[order]]
        rankings[features.queries.query_ids[slate.query]] = (ids, scores[order])
        scores_of_all.append(scores)
    return rankings, np.concatenate(scores_of_all)


def qrels_of(features: Features, slates: Sequence[Slate]) -> dict[str, dict[str, int]]:
    """query_id -> product_id -> grade of every candidate, in the order of the slates."""
    ids = np.array(features.catalogue.product_ids)
    return {
        features.queries.query_ids[s.query]: dict(zip(ids[s.rows].tolist(), s.grades.astype(int).tolist(), strict=True))
        for s in slates
    }


def cost_ms(entry: Entry, features: Features, slate: Slate, *, candidates: int = 1000, rounds: int = 9) -> float:
    """Median milliseconds on one thread to score `candidates` of one query, its pair scores included (rows repeat if too few)."""
    rows = np.resize(slate.rows, candidates)
    times = []
    with threadpool_limits(1):
        for _ in range(rounds):
            start = time.perf_counter()
            entry.score(features.slate(slate.query, rows))
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
