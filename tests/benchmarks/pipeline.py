"""The offline chain beside its floors and peers, in turns in one run: extraction, training, evaluation.

Rows against allRank and ranx are there when these are installed: ``pip install --no-deps allRank==1.4.3 ranx==0.3.21``, and what
they ask for.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from fuserank.features.extraction import extract
from fuserank.features.store import FeatureStore
from fuserank.losses import LOSSES
from fuserank.metrics.ranking import measure as ranking_measures
from fuserank.modalities.base import Content
from fuserank.ranker import Ranker
from fuserank.sampling import sample_slate
from fuserank.training import TrainingKnobs, train
from fuserank.training_batches import batch_of
from fuserank.training_vectors import ScaledVectors, scaling_vectors
from tests.benchmarks.records import Row, compare, record
from tests.benchmarks.shop import make_ranker

ROUNDS, EPOCHS, SLATE, BATCH, WIDTH = 5, 4, 128, 16, 64
QUERIES, RESULTS = 10_000, 1_000
NETWORK = "concat+sequence"


def measure(job, features, slates, folder: Path) -> list[Row]:
    """All rows; those of training on the training slates."""
    return [*_extraction(job, folder), *_training(features, slates), *_evaluation()]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _turns(ours: Callable[[], object], peer: Callable[[], object], rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Seconds of both, called in turns after a warm-up each."""
    ours(), peer()
    pairs = [(_seconds(ours), _seconds(peer)) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _extraction(job, folder: Path) -> list[Row]:
    """Our extraction, stored durably, beside the encoder called on one batch after the other, decoding included."""
    rows, media = [], job.dataset.media
    for name, items in (("text", 512), ("image", 128), ("audio", 64)):
        modality = next(m for m in job.modalities if m.name == name)
        contents = list({c.key: c for p in job.dataset.products if (c := modality.product_content(p))}.values())[:items]
        encoder, numbers = modality.encoder, itertools.count()

        def ours(encoder=encoder, contents=contents, name=name, numbers=numbers):
            extract(contents, encoder, FeatureStore(folder / f"{name}-{next(numbers)}"), media.get)

        def bare(encoder=encoder, contents=contents):
            for start in range(0, len(contents), 32):
                batch = contents[start : start + 32]
                encoder.encode([encoder.prepare(media.get(c.value) if c.is_media else c.value) for c in batch])

        took, floor = _turns(ours, bare)
        speeds = [[len(contents) / seconds for seconds in side] for side in (took, floor)]
        rows.append(record(f"extract_{name}_vs_encoder", *speeds, "the encoder alone, decoding included", "items/s"))
    return [*rows, _again(job, folder)]


def _again(job, folder: Path) -> Row:
    """Titles and pictures after 1 % of the products changed, beside extracting all of them."""
    kinds = [m for m in job.modalities if m.name in ("text", "image")]
    first, again = [], []
    for number in range(ROUNDS):
        store = FeatureStore(folder / f"again-{number}")
        took = {"all": 0.0, "changed": 0.0}
        for modality in kinds:
            contents = list({c.key: c for p in job.dataset.products[:200] if (c := modality.product_content(p))}.values())
            changed = max(1, len(contents) // 100)
            # A changed picture has another hash; what it shows does not matter to the cost.
            edited = [Content(f"{i:064x}", c.value, c.is_media) if i < changed else c for i, c in enumerate(contents)]
            for what, batch in (("all", contents), ("changed", edited)):
                took[what] += _seconds(
                    lambda batch=batch, m=modality, store=store: extract(batch, m.encoder, store, job.dataset.media.get)
                )
        first.append(1000 * took["all"])
        again.append(1000 * took["changed"])
    return record("reextract_1pct_cost", again, first, "extracting all", "ms")


def _training(features, slates) -> list[Row]:
    """Rows a second: all of training beside the bare loop over batches drawn before, and beside allRank on the same slates."""
    train_slates, val_slates, _ = slates
    knobs = TrainingKnobs(
        loss="listnet", epochs=EPOCHS, patience=EPOCHS, batch_queries=BATCH, slate=SLATE, device="cpu", precision="float32"
    )
    ranker = make_ranker(features, NETWORK)
    drawn = [sample_slate(slate, SLATE, np.random.default_rng(0)) for slate in train_slates]
    count = EPOCHS * sum(len(slate.rows) for slate in drawn)

    def ours():
        train(ranker.spec, features, train_slates, val_slates, knobs, seed=0)

    took, floor = _turns(ours, _bare_loop(ranker.spec, features, drawn), rounds=3)
    speeds = [[count / seconds for seconds in side] for side in (took, floor)]
    rows = [record("train_vs_bare_loop", *speeds, "forward, backward and step on slates drawn before", "candidates/s")]
    if find_spec("allrank"):
        took, theirs = _turns(ours, _allrank(features, drawn), rounds=3)
        speeds = [[count / seconds for seconds in side] for side in (took, theirs)]
        rows.append(record("train_vs_allrank", *speeds, "allRank 1.4.3, same slates, loss and width", "candidates/s"))
    return rows


def _bare_loop(spec, features, drawn) -> Callable[[], None]:
    def run():
        ranker, loss = Ranker(spec), LOSSES["listnet"]
        ranker.fit_scaling(*scaling_vectors(features, drawn))
        vectors = ScaledVectors(ranker, features, drawn)
        optimizer = torch.optim.AdamW((p for p in ranker.parameters() if p.requires_grad), fused=True)
        ranker.train()
        for _ in range(EPOCHS):
            for start in range(0, len(drawn), BATCH):
                inputs, projected, grades = batch_of(ranker, vectors, drawn[start : start + BATCH])
                optimizer.zero_grad(set_to_none=True)
                loss(ranker(projected, inputs), grades, inputs.mask).backward()
                torch.nn.utils.clip_grad_norm_(ranker.parameters(), 1.0)
                optimizer.step()

    return run


def _allrank(features, drawn) -> Callable[[], None]:
    """allRank reads a row of numbers for each pair: here the pair scores, the product's vectors and the query's."""
    # It imports these for its readers of files, which are not used here.
    unused = dict.fromkeys(("torchvision", "torchvision.transforms", "gcsfs", "pkg_resources"), mock.MagicMock())
    with mock.patch.dict(sys.modules, unused):
        from allrank.models.losses.listNet import listNet
        from allrank.models.model import make_model

    queries = features.queries

    def row_of(slate):
        products = [features.catalogue.vectors[m.name][slate.rows] for m in features.modalities if m.encoder and not m.pair_only]
        n = len(slate.rows)
        asked = [np.broadcast_to(vectors[slate.query], (n, vectors.shape[1])) for vectors in queries.vectors.values()]
        return np.concatenate([slate.pairs, *map(np.asarray, products), *asked], axis=1).astype(np.float32)

    length = max(len(slate.rows) for slate in drawn)
    wide = [row_of(slate) for slate in drawn]
    x = torch.zeros(len(drawn), length, wide[0].shape[1])
    y, indices = torch.full((len(drawn), length), -1.0), torch.arange(length).repeat(len(drawn), 1)
    for q, (slate, values) in enumerate(zip(drawn, wide, strict=True)):
        x[q, : len(values)], y[q, : len(values)] = torch.from_numpy(values), torch.from_numpy(slate.grades)

    def run():
        fully_connected = {"sizes": [WIDTH], "input_norm": False, "activation": "ReLU", "dropout": 0.2}
        model = make_model(fully_connected, None, {"d_output": 1, "output_activation": None}, x.shape[2])
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        model.train()
        for _ in range(EPOCHS):
            for start in range(0, len(drawn), BATCH):
                part = slice(start, start + BATCH)
                loss = listNet(model(x[part], y[part] == -1, indices[part]), y[part])
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()

    return run


def _evaluation(queries: int = QUERIES, results: int = RESULTS) -> list[Row]:
    """A run with all measures of a leaderboard, beside ranx with the same ones."""
    if not find_spec("ranx"):
        return []
    import ranx

    dice = np.random.default_rng(0)
    names, scores = [f"p{n}" for n in range(results)], np.sort(dice.random(results).astype(np.float32))[::-1]
    rankings = {f"q{q}": ([names[p] for p in dice.permutation(results)], scores) for q in range(queries)}
    qrels = {q: {product: int(dice.integers(1, 4)) for product in dice.choice(names, 20, replace=False)} for q in rankings}
    as_dict = {q: dict(zip(products, map(float, values), strict=True)) for q, (products, values) in rankings.items()}
    wanted = ["ndcg@10", "mrr@10-l2", "map-l2", "recall@10-l2", "recall@100-l2"]

    def theirs():
        ranx.evaluate(ranx.Qrels(qrels), ranx.Run(as_dict), wanted)

    return [compare("evaluate_vs_ranx", lambda: ranking_measures(rankings, qrels, 2), theirs, "ranx 0.3.21", rounds=3)]
