"""Time and memory of every stage, a thousand products to a million: `make bench-scale`, into docs/bench/scale.json and a picture.

A stage runs in a process of its own, so that its peak of memory is its own. Products are made up: words by Zipf's law, a vector of
the bytes of the title. Encoders are measured apart, on fewer items: their time is that of one item times their number.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.encoders.base import unit_rows
from fuserank.evaluation.entries import Entry, qrels_of, rank
from fuserank.features import Catalogue, FeatureStore, build_catalogue, build_query_features, extract
from fuserank.metrics.ranking import measure as measures
from fuserank.modalities import make_modalities
from fuserank.modalities.lexical import LexicalIndex
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.pipeline.evaluate import score_with
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import build_package, load
from fuserank.settings import MediaSettings
from fuserank.slates import Features, judged_slates
from fuserank.training import TrainingKnobs, train
from fuserank.types import Judgment, Query
from fuserank.validation import validate
from tests.benchmarks.records import Row, record, write
from tests.benchmarks.retrieval import Direction, drawn_words
from tests.benchmarks.serving.shops import english_words, made_up_products

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
ENCODED = (1_000, 10_000)
QUERIES, JUDGED, TESTED, SEARCHES = 128, 20, 8, 30
LATE = 192
MODALITIES = ("text", "lexical")


class Instant(Direction):
    """Text whose vector is made of the hash of the title: what is left of extracting is what fuserank adds to an encoder."""

    def __init__(self, info) -> None:
        super().__init__(info.dim)
        self.encoder.info, self.encoder.encode = info, self._encode

    def _encode(self, items):
        digests = np.frombuffer(b"".join(item.encode()[:32].ljust(32) for item in items), np.uint8).reshape(len(items), 32)
        return unit_rows(np.tile(digests.astype(np.float32) - 100, (1, self.encoder.info.dim // 32)))


@contextmanager
def timed() -> Iterator[list[float]]:
    """Gives a list that holds, after the block, its seconds."""
    seconds: list[float] = []
    start = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - start)


def importing(folder: Path, count: int) -> float:
    """The dataset folder out of rows in memory."""
    rng, words = np.random.default_rng(count), list(english_words().values())
    products = made_up_products(drawn_words(rng, count, len(words)), words)
    asked = rng.choice(count, QUERIES, replace=False)
    splits = ["test"] * TESTED + ["val"] * TESTED + ["train"] * (QUERIES - 2 * TESTED)
    queries = [Query(f"q{n}", products[row].title, split=split) for n, (row, split) in enumerate(zip(asked, splits, strict=True))]
    judgments = [
        Judgment(f"q{n}", f"p{other}", 3 if other == row else int(rng.integers(0, 2)), "human")
        for n, row in enumerate(asked)
        for other in {int(row), *map(int, rng.choice(count, JUDGED))}
    ]
    with timed() as seconds:
        write_dataset(folder / "data", Manifest(name="made-up"), products=products, queries=queries, judgments=judgments)
    return seconds[0]


def validating(folder: Path, count: int) -> float:
    """All rules of Great Expectations on the tables; there are no media."""
    with timed() as seconds:
        validate(
            Dataset.open(folder / "data"), context_root=Path("great_expectations"), media=MediaSettings(), out=folder / "validation"
        )
    return seconds[0]


def encoding(folder: Path, count: int) -> float:
    """Titles through the encoder that ships, stored."""
    (text,) = make_modalities(("text",))
    contents = [text.product_content(product) for product in Dataset.open(folder / "data").products]
    text.encoder.encode([text.encoder.prepare("warm")])
    with timed() as seconds:
        extract(contents, text.encoder, FeatureStore(folder / "encoded"), {}.__getitem__)
    return seconds[0]


def extracting(folder: Path, count: int) -> float:
    """The catalogue without word counts: contents hashed, vectors stored and read back."""
    products, modality = Dataset.open(folder / "data").products, Instant(make_modalities(("text",))[0].encoder.info)
    with timed() as seconds:
        catalogue, _ = build_catalogue(products, [modality], FeatureStore(folder / "features"), {}.__getitem__)
    np.save(folder / "text.npy", catalogue.vectors["text"])
    return seconds[0]


def counting(folder: Path, count: int) -> float:
    """The word index."""
    products = Dataset.open(folder / "data").products
    with timed() as seconds:
        index = LexicalIndex.build(products)
    vectors, ids = np.load(folder / "text.npy", mmap_mode="r"), [product.product_id for product in products]
    Catalogue(ids, MODALITIES, {"text": vectors}, np.ones((count, 2), bool), index).save(folder / "catalogue")
    return seconds[0]


def _features(folder: Path) -> tuple[Dataset, Features]:
    data, catalogue, modalities = Dataset.open(folder / "data"), Catalogue.load(folder / "catalogue"), make_modalities(MODALITIES)
    queries, _ = build_query_features(data.queries, modalities, catalogue, None, {}.__getitem__)
    return data, Features(modalities, catalogue, queries)


def training(folder: Path, count: int) -> float:
    """Three epochs of the default ranker on 112 queries, their slates included."""
    data, features = _features(folder)
    knobs = TrainingKnobs(epochs=3, patience=3, device="cpu")
    with timed() as seconds:
        slates = list(judged_slates(features, data, "train", pool=4096))
        trained = train(RankerSpec(features.specs(), "", "", late=LATE), features, slates, slates[:TESTED], knobs, seed=0)
    encoders = {m.name: m.encoder.info for m in features.modalities if m.encoder}
    identity = DataIdentity(name="made-up", version=data.version)
    save_model(
        folder / "model",
        trained.ranker,
        ModelMeta(name="late", ranker=trained.ranker.spec.as_dict(), encoders=encoders, data=identity),
    )
    return seconds[0]


def evaluating(folder: Path, count: int) -> float:
    """Eight queries, each against all products: the catalogue projected, slates scored, rankings measured."""
    data, features = _features(folder)
    ranker = Ranker(RankerSpec(features.specs(), "", "", late=LATE)).eval()
    with timed() as seconds:
        slates = list(judged_slates(features, data, "test"))
        rankings, _ = rank(Entry("late", "fusion", score_with(features, ranker, MODALITIES)), features, slates)
        measures(rankings, qrels_of(features, slates), 2)
    return seconds[0]


def packaging(folder: Path, count: int) -> float:
    """The package folder that a service loads."""
    data, features = _features(folder)
    with timed() as seconds:
        build_package(
            folder / "package", model_folder=folder / "model", products=data.products, catalogue=features.catalogue, histories={},
            modalities=features.modalities, read_bytes={}.__getitem__,
        )  # fmt: skip
    return seconds[0]


def searching(folder: Path, count: int) -> float:
    """One search on one core, a new text each time; the package is opened before."""
    from fuserank.messages import SearchRequest

    service, words = load(folder / "package"), list(english_words().values())
    rng, took = np.random.default_rng(1), []
    for number in range(SEARCHES + 5):
        text = " ".join(words[n] for n in rng.integers(0, 3000, 3))
        with timed() as seconds:
            service.search(SearchRequest.model_validate({"query": {"text": text}, "k": 10}))
        took += seconds if number >= 5 else []
    return statistics.median(took)


STAGES: dict[str, Callable[[Path, int], float]] = {
    "import": importing,
    "validate": validating,
    "encode titles": encoding,
    "extract": extracting,
    "count words": counting,
    "train": training,
    "evaluate": evaluating,
    "package": packaging,
    "search": searching,
}


def run(stage: str, folder: Path, count: int) -> dict[str, float]:
    """A stage in a process of its own: seconds, and its peak of memory in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale", "--stage", stage, "--folder", str(folder), "--count", str(count)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def measure(counts: tuple[int, ...] = COUNTS) -> list[Row]:
    """Two rows for each stage and count: time and memory."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="fuserank-scale-") as name:
            for stage in STAGES:
                if stage != "encode titles" or count in ENCODED:
                    found = run(stage, Path(name), count)
                    rows.append(record(f"{stage}: {count} products", [found["seconds"]], [], None, "s"))
                    rows.append(record(f"{stage}: {count} products, memory", [found["megabytes"]], [], None, "MB"))
                    print(rows[-2].name, rows[-2].ours, "s", rows[-1].ours, "MB", flush=True)
    return rows


def main() -> None:
    """All of it, or one stage for `run`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", choices=list(STAGES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--count", type=int, nargs="*", default=list(COUNTS))
    given = parser.parse_args()
    if given.stage:
        seconds = STAGES[given.stage](given.folder, given.count[0])
        print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    else:
        from tests.benchmarks.scale_picture import draw

        rows = measure(tuple(given.count))
        write("scale", rows)
        draw(rows)


if __name__ == "__main__":
    main()
