"""A GPU beside the processor: requests that come at once, and an epoch of training. Without a GPU there is nothing to measure."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch

from fuserank.devices import device_of
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import knobs_of, spec_of
from fuserank.serving.scoring import Together
from fuserank.slates import score_slate, store_catalogue
from fuserank.training import train
from tests.benchmarks.records import Row, compare
from tests.benchmarks.shop import SHOP_NOTE, make_ranker

RANKERS = ("late", "concat+sequence", "attention+attention_sequence")
REQUESTS, CANDIDATES, THREADS = 64, 1000, 16


def measure(job: Job, features, slates) -> list[Row]:
    """Rows named after the GPU; none without one."""
    if not torch.cuda.is_available():
        return []
    name = torch.cuda.get_device_name()
    return [*scoring(features, slates[2], name), *training(job, features, slates, name)]


def scoring(features, slates, name: str) -> list[Row]:
    """REQUESTS requests of CANDIDATES candidates from THREADS threads: in passes together, against two other ways."""
    some = [slates[n % len(slates)] for n in range(REQUESTS)]
    asked = [slate.take(np.arange(CANDIDATES) % len(slate.rows)) for slate in some]
    rows = []
    with ThreadPoolExecutor(THREADS) as pool:
        for kind in RANKERS:
            ranker = make_ranker(features, kind)
            stored = store_catalogue(ranker, features)

            def all_of(score, products, pool=pool):
                return list(pool.map(lambda slate: score(products, features.queries, slate), asked))

            def on_processor(ranker=ranker, stored=stored, all_of=all_of):
                return all_of(lambda *of: score_slate(ranker, *of), stored)

            on_gpu = make_ranker(features, kind)
            on_gpu.load_state_dict(ranker.state_dict())
            on_gpu.to(device_of("cuda"))
            there, together = stored.to(device_of("cuda")), Together(on_gpu)

            def in_passes(together=together, there=there, all_of=all_of):
                return all_of(together, there)

            def one_by_one(ranker=on_gpu, there=there, all_of=all_of):
                return all_of(lambda *of: score_slate(ranker, *of), there)

            label = f"rank_{REQUESTS}x{CANDIDATES}_ms {kind} ({SHOP_NOTE}), {name}"
            rows.append(compare(label, in_passes, on_processor, f"processor, {THREADS} threads"))
            rows.append(compare(label, in_passes, one_by_one, "the same GPU, each by itself"))
    return rows


def training(job: Job, features, slates, name: str) -> list[Row]:
    """Two epochs of the default ranker, in bfloat16 on the GPU, in float32 on the processor."""
    spec, knobs = spec_of(job, features, "late"), replace(knobs_of(job), epochs=2)

    def epochs(device):
        return train(spec, features, slates[0], slates[1], replace(knobs, device=device), seed=0)

    threads = f"processor, {torch.get_num_threads()} threads"
    return [compare(f"train_2_epochs_ms late, {name}", lambda: epochs("cuda"), lambda: epochs("cpu"), threads, rounds=3)]
