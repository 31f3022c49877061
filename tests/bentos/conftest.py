"""A package over a small sample store, with a ranker of every part and random weights: serving depends not on how good they are."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample
from fuserank.features import FeatureStore, build_catalogue, build_query_features, histories
from fuserank.modalities import make_modalities
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import build_package, load
from fuserank.settings import FeatureSettings
from fuserank.slates import Features


@dataclass
class Shop:
    root: Path
    dataset: Dataset
    features: Features
    ranker: Ranker
    package: Path


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    dataset = build_sample(root / "data", products=60, queries=24)
    modalities, store = make_modalities(FeatureSettings().modalities), FeatureStore(root / "store")
    catalogue, _ = build_catalogue(dataset.products, modalities, store, dataset.media.get)
    taken = histories(dataset.interactions)
    queries, _ = build_query_features(dataset.queries, modalities, catalogue, store, dataset.media.get, taken)
    features = Features(modalities, catalogue, queries)
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(features.specs(), "attention", "attention_sequence", width=16, rank=8, late=12)).eval()
    ranker.late.seen[1:] = True
    with torch.no_grad():  # a new ranker is its prior alone: shake it, so that every part of it shows in a score
        for parameter in ranker.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    meta = ModelMeta(
        name=ranker.spec.name,
        ranker=ranker.spec.as_dict(),
        encoders={m.name: m.encoder.info for m in modalities if m.encoder},
        data=DataIdentity(name="sample", version=dataset.version, sources=("synthetic",)),
    )
    save_model(root / "model", ranker, meta)
    package = build_package(
        root / "package",
        model_folder=root / "model",
        products=dataset.products,
        catalogue=catalogue,
        histories=taken,
        modalities=modalities,
        read_bytes=dataset.media.get,
    )
    return Shop(root, dataset, features, ranker, package)


@pytest.fixture(scope="session")
def service(shop):
    threads = torch.get_num_threads()
    yield load(shop.package)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def some(shop):
    """First query of each kind: text, image, audio, user."""
    media = shop.dataset.media.get
    queries = shop.dataset.queries
    return {
        "text": next(q.text for q in queries if q.text),
        "image": media(next(q.image for q in queries if q.image)),
        "audio": media(next(q.audio for q in queries if q.audio)),
        "user_id": next(q.user_id for q in queries if q.user_id),
    }
