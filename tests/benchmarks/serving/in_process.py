"""What needs no server: the model on one thread beside LambdaMART, and the service in this process beside itself over HTTP."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.messages import RankRequest
from fuserank.serving.service import RankingService
from fuserank.slates import score_slate
from tests.benchmarks.records import Row, compare, record
from tests.benchmarks.serving.blocks import BLOCKS, Target, latencies
from tests.benchmarks.serving.trees import asked_features

SCORED, ROUNDS, SINGLE = 1000, 60, 60


def scoring(service: RankingService, trees: Path, text: str) -> list[Row]:
    """1,000 candidates of one query, as logits out of a built slate and with building it."""
    import lightgbm

    booster, features = lightgbm.Booster(model_file=str(trees)), asked_features(service, [text])
    rows = np.arange(SCORED) * (len(features.catalogue) // SCORED)
    slate = features.slate(0, rows)

    def ours(made=None):
        return score_slate(service.package.ranker, service.stock.stored, features.queries, made or features.slate(0, rows))

    def theirs(made=None):
        return booster.predict((made or features.slate(0, rows)).pairs, num_threads=1)

    with threadpool_limits(1):
        return [
            compare("score_1000_ms", lambda: ours(slate), lambda: theirs(slate), "LightGBM LambdaMART", rounds=ROUNDS),
            compare("score_1000_with_pairs_ms", ours, theirs, "LightGBM LambdaMART with the same pair scores", rounds=ROUNDS),
        ]


def overhead(service: RankingService, http: Target) -> list[Row]:
    """One request after the other over HTTP, and the same requests in this process, block by block in turns."""
    inside, over = [], []
    for block in range(BLOCKS):
        over += latencies({"": Target(http.served, http.path, http.body, count=SINGLE)}, blocks=1)[""].p50
        times = []
        for number in range(SINGLE):
            request = RankRequest.model_validate(http.body(10_000 + block * SINGLE + number))
            start = time.perf_counter()
            service.rank(request)
            times.append(1000 * (time.perf_counter() - start))
        inside.append(statistics.median(times))
    return [record("rank_100_p50_ms, one at a time", over, inside, "the same request in one process", "ms")]
