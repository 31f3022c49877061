"""Drift: how often monitoring cries wolf, how small a drift it finds, and how many products that takes.

A reference of n products and a batch of n others are drawn from the same shop, again and again. Without more, any drift is a false
alarm. Or a share of the batch is replaced by drifted products; what share of such batches is found?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fuserank.monitoring import Side, judge
from fuserank.pipeline.studies.bench import Workspace
from fuserank.pipeline.studies.cells import Cells
from fuserank.pipeline.studies.drift_feedback import STORIES, drops
from fuserank.pipeline.studies.drift_pools import SCENES, Pool, Scene, pool_of
from fuserank.pipeline.studies.drift_words import NOTHING, draw, words
from fuserank.pipeline.studies.study import Row, StudyResult, Tell

SIZES = (50, 100, 200, 400, 800)
SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
SOURCES = ("monitoring", "pipeline/studies/drift_pools.py", "pipeline/studies/drift_feedback.py")


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        sizes, shares: of batches, and of what is drifted in them.
        without, with_drift: batches without and with drift, of each size and share.
        middle: size at which shares vary; at other sizes all and a fifth of the batch have drifted.
    """

    sizes: Sequence[int] = SIZES
    shares: Sequence[float] = SHARES
    without: int = 200
    with_drift: int = 40
    middle: int = 400

    def cells(self, injections: Sequence[str]) -> Iterator[tuple[str, int, float, int]]:
        """(injection, size, share, batches)."""
        for size in self.sizes:
            yield NOTHING, size, 0.0, self.without
            for name in injections:
                for share in self.shares:
                    if size == self.middle or share in (0.2, 1.0):
                        yield name, size, share, self.with_drift


PLAN = Plan()


def how_drift_is_found(
    workspace: Workspace, seeds: Sequence[int], tell: Tell, scenes: Sequence[Scene] = SCENES, plan: Plan = PLAN
) -> StudyResult:
    """Share of batches in which drift is found, without and with drift; the first of `seeds` draws them."""
    rows = []
    for scene in scenes:
        tell(f"{scene.shop.name}: features")
        rows += list(_measure(workspace, scene, seeds[0], tell, plan))
    rows += list(_feedback(scenes[0], seeds[0], tell, plan))
    return StudyResult("drift", "Drift", rows, words(rows), {"drift": draw(rows)})


def _measure(workspace: Workspace, scene: Scene, seed: int, tell: Tell, plan: Plan) -> Iterator[Row]:
    pool = pool_of(workspace, scene, products=2 * max(plan.sizes) + 400)
    job = workspace.job(scene.shop)
    cells = Cells(
        job.settings.home / "studies" / "drift" / f"{job.fingerprint(sources=SOURCES, pool=pool.version, seed=seed)}.json"
    )
    for injection, size, share, count in plan.cells(list(scene.injections)):
        what = f"{injection}, {size} products, {share:.0%}"
        if round(share * size) > len(pool.drifted.get(injection, pool.core)):
            continue
        tell(f"{scene.shop.name}: {what}")
        found = cells(f"{what}, {count}", partial(_found, pool, injection, size, share, count, seed))
        yield _row(scene, injection, size, share, count, found)


def _found(pool: Pool, injection: str, size: int, share: float, count: int, seed: int) -> int:
    """In how many of `count` batches."""
    return sum(
        _drifts(pool, injection, size, share, np.random.default_rng([seed, size, int(1000 * share), i])) for i in range(count)
    )


def _drifts(pool: Pool, injection: str, size: int, share: float, rng: np.random.Generator) -> bool:
    reference, batch = draw_batch(pool, injection, size, share, rng)
    sides = [Side(name, {"products": pool.rows.taken(rows)}) for name, rows in (("reference", reference), ("batch", batch))]
    return judge(*sides, seed=int(rng.integers(2**31))).drift


def draw_batch(pool: Pool, injection: str, size: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a reference and of a batch, `size` each, all different; `share` of the batch has drifted."""
    order = rng.permutation(len(pool.core))[: 2 * size]
    reference, batch = pool.core[order[:size]], pool.core[order[size:]]
    swapped = round(share * size)
    if swapped:
        drifted = pool.drifted[injection]
        chosen = order[size : size + swapped] if injection in pool.paired else rng.permutation(len(drifted))[:swapped]
        batch = np.concatenate([batch[swapped:], drifted[chosen]])
    return reference, batch


def _feedback(scene: Scene, seed: int, tell: Tell, plan: Plan) -> Iterator[Row]:
    """Stories of shoppers who click, on queries and products of no shop."""
    for story in STORIES:
        for answers in plan.sizes:
            tell(f"feedback: {story}, {answers} answers a side")
            dropped = [drops(story, answers, np.random.default_rng([seed, answers, i])) for i in range(plan.with_drift)]
            yield _row(scene, f"feedback: {story}", answers, 1.0, plan.with_drift, sum(dropped))


def _row(scene: Scene, injection: str, size: int, share: float, count: int, found: int) -> Row:
    """As docs/results.json has rows; the mean is the share of batches in which drift was found, with its exact 95 % interval."""
    from scipy.stats import binomtest

    interval = binomtest(found, count).proportion_ci(0.95, "exact")
    return {
        "study": "drift",
        "dataset": scene.shop.importer,
        "regime": scene.shop.regime,
        "split": "all",
        "ranker": "none",
        "kind": "monitoring",
        "metric": "share of batches found to drift",
        "mean": found / count,
        "std": 0.0,
        "seeds": 1,
        "queries": 0,
        "injection": injection,
        "size": size,
        "drifted": share,
        "batches": count,
        "low": float(interval.low),
        "high": float(interval.high),
    }
