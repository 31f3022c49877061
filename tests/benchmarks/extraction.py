"""Items a second of every encoder, and what a change of 1 % of the products costs beside extracting all of them."""

import time
from itertools import islice
from pathlib import Path

from fuserank.features.extraction import encode, extract
from fuserank.features.store import FeatureStore
from fuserank.modalities.base import Content
from tests.benchmarks.records import Row, compare, record

ITEMS = 64


def measure(job, folder: Path) -> list[Row]:
    rows = []
    media, products = job.dataset.media, job.dataset.products
    for modality in job.modalities:
        if modality.encoder is None or modality.query_from_history:
            continue
        contents = list(islice({c.key: c for p in products if (c := modality.product_content(p))}.values(), ITEMS))

        def run(workers, modality=modality, contents=contents):
            return [len(b.keys) for b in encode(contents, modality.encoder, media.get, workers=workers)]

        name = f"extract_per_s {modality.name}"
        peer = (lambda run=run: run(1), "one decoding thread") if contents[0].is_media else (None, None)
        rows.append(compare(name, lambda run=run: run(2), *peer, rounds=9, unit="items/s", per=len(contents)))
    return [*rows, *_incremental(job, folder)]


def _incremental(job, folder: Path) -> list[Row]:
    """All titles into an empty store, then again with 1 % of them changed."""
    text = job.modalities[0]
    contents = [c for p in job.dataset.products if (c := text.product_content(p))]
    changed = max(1, len(contents) // 100)
    first, again = [], []
    for number in range(9):
        store = FeatureStore(folder / f"incremental-{number}")
        edited = [Content(f"{i:064x}", f"{c.value} new") if i < changed else c for i, c in enumerate(contents)]
        for times, batch in ((first, contents), (again, edited)):
            start = time.perf_counter()
            extract(batch, text.encoder, store, job.dataset.media.get)
            times.append(1000 * (time.perf_counter() - start))
    return [record("extract_1_percent_changed_ms text", again, first, "extracting all", "ms")]
