"""Packages over a small sample store, with rankers of random weights: serving depends not on how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from fuserank.calibration import Calibration
from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample
from fuserank.features import FeatureStore, build_catalogue, build_query_features, histories
from fuserank.features.histories import History
from fuserank.modalities import make_modalities
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import build_package
from fuserank.settings import FeatureSettings
from fuserank.slates import Features
from fuserank.types import Product


@dataclass(frozen=True)
class SampleStore:
    """A sample store and its features."""

    dataset: Dataset
    features: Features
    taken: Mapping[str, History]


@dataclass(frozen=True)
class Shop:
    """A store, a ranker, and in `root` its folders `model` and `package`."""

    root: Path
    dataset: Dataset
    features: Features
    ranker: Ranker
    package: Path


def sample_store(root: Path, *, products: int = 60, queries: int = 24) -> SampleStore:
    """Make the store in `root` and encode it."""
    dataset = build_sample(root / "data", products=products, queries=queries)
    modalities, store = make_modalities(FeatureSettings().modalities), FeatureStore(root / "store")
    catalogue, _ = build_catalogue(dataset.products, modalities, store, dataset.media.get)
    taken = histories(dataset.interactions)
    asked, _ = build_query_features(dataset.queries, modalities, catalogue, store, dataset.media.get, taken)
    return SampleStore(dataset, Features(modalities, catalogue, asked), taken)


def open_shop(
    store: SampleStore,
    root: Path,
    *,
    seed: int = 0,
    shaken: float = 0.05,
    calibration: Calibration | None = None,
    shown: Sequence[Product] | None = None,
) -> Shop:
    """Package the store with a ranker of every part.

    Args:
        shown: products as answers show them, in the store's order; None: as they are.
        shaken: a new ranker is its prior alone; noise of this size on all weights makes every part of it show in a score.
    """
    torch.manual_seed(seed)
    modalities = store.features.modalities
    ranker = Ranker(RankerSpec(store.features.specs(), "attention", "attention_sequence", width=16, rank=8, late=12)).eval()
    ranker.late.seen[1:] = True
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.add_(shaken * torch.randn_like(parameter))
    meta = ModelMeta(
        name=ranker.spec.name,
        ranker=ranker.spec.as_dict(),
        encoders={m.name: m.encoder.info for m in modalities if m.encoder},
        data=DataIdentity(name="sample", version=store.dataset.version, sources=("synthetic",)),
        calibration=calibration,
    )
    save_model(root / "model", ranker, meta)
    package = build_package(
        root / "package",
        model_folder=root / "model",
        products=shown or store.dataset.products,
        catalogue=store.features.catalogue,
        histories=store.taken,
        modalities=modalities,
        read_bytes=store.dataset.media.get,
    )
    return Shop(root, store.dataset, store.features, ranker, package)
