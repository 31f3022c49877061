"""The ranking service in one process: a new text each time, beside the BM25 order alone; and bytes kept for a product."""

import time
from pathlib import Path

import numpy as np

from fuserank.features.histories import histories
from fuserank.messages import RankRequest
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.serving import build_package, load
from tests.benchmarks.records import Row, record
from tests.benchmarks.shop import SHOP_NOTE, make_ranker

REQUESTS = 400  # the 99th percentile stands on the four slowest
WARM_UP = 20


def p99(values) -> float:
    """99th percentile, never above the largest value."""
    return float(np.percentile(values, 99))


def measure(job, features, folder: Path) -> list[Row]:
    ranker = make_ranker(features, "late")
    encoders = {m.name: m.encoder.info for m in job.modalities if m.encoder}
    meta = ModelMeta(
        name="bench", ranker=ranker.spec.as_dict(), encoders=encoders, data=DataIdentity(name=job.name, version=job.dataset.version)
    )
    save_model(folder / "model", ranker, meta)
    package = build_package(
        folder / "package", model_folder=folder / "model", products=job.dataset.products, catalogue=features.catalogue,
        histories=histories(job.dataset.interactions), modalities=job.modalities,
        read_bytes=job.dataset.media.get,
    )  # fmt: skip
    service = load(package, cache=job.settings.home / "encoders")
    ids, rows = features.catalogue.product_ids, []
    for size in (100, len(ids)):
        ours, words = [], []
        for number in range(WARM_UP + REQUESTS):
            text = f"striped red mug number {number} of {size}"
            request = RankRequest(query={"text": text}, candidates=ids[:size], k=10)
            start = time.perf_counter()
            service.rank(request)
            ours.append(1000 * (time.perf_counter() - start))
            start = time.perf_counter()
            np.argsort(-features.catalogue.lexical.scores(text)[:size].sum(axis=1))[:10]
            words.append(1000 * (time.perf_counter() - start))
        ours, words = ours[WARM_UP:], words[WARM_UP:]
        rows.append(record(f"rank_{size}_p50_ms ({SHOP_NOTE})", ours, words, "BM25 order alone", "ms"))
        # Four quarters of the requests give four 99th percentiles, so that the row has a spread of its own.
        slow, slow_words = ([p99(part) for part in np.array_split(values, 4)] for values in (ours, words))
        rows.append(record(f"rank_{size}_p99_ms ({SHOP_NOTE})", slow, slow_words, "BM25 order alone", "ms"))
    stored = sum(path.stat().st_size for path in (folder / "package" / "stored").iterdir()) / len(ids)
    vectors = sum(v.nbytes for v in {id(v): v for v in features.catalogue.vectors.values()}.values()) / len(ids)
    return [*rows, record("stored_projection_bytes_per_product", [stored], [vectors], "encoder vectors", "bytes")]
