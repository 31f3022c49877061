"""The chain without Prefect over a small store, as often as one likes: extract, train, gate, publish. What faults are tried on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuserank.data.sample import build_sample
from fuserank.model_folder import WEIGHTS, load_model
from fuserank.model_registry import Registry
from fuserank.pipeline.compare import compare_rankers
from fuserank.pipeline.extract import extract
from fuserank.pipeline.gate import gate, registry
from fuserank.pipeline.job import Job
from fuserank.pipeline.package import package
from fuserank.pipeline.releasing import release_champion
from fuserank.pipeline.train import slates_of
from fuserank.settings import Settings, load_settings


@dataclass(frozen=True)
class Shop:
    """A store of 60 products in `folder`, and a chain over it that takes seconds."""

    folder: Path

    @property
    def data(self) -> Path:
        """The dataset; made when it is not there."""
        if not (self.folder / "data").exists():
            build_sample(self.folder / "data", products=60, queries=24)
        return self.folder / "data"

    def settings(self, home: Path, seed: int) -> Settings:
        """Of a chain in `home`; encoders that were exported are shared."""
        return load_settings(
            home=home,
            reports=home / "reports",
            features={"modalities": ("text", "words", "lexical", "numeric")},
            training={"rankers": ("late",), "epochs": 3, "late": 32, "seeds": (seed,)},
            evaluation={"baselines": ("random",), "families": {"text": ("text", "words", "lexical")}},
            gate={"latency_ms": 1e6, "slice_tolerance": 1.0, "alpha": 0.999},
        )

    def job(self, home: Path, seed: int) -> Job:
        """The job of a chain."""
        (home / "encoders").parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "encoders").mkdir(exist_ok=True)
        if not (home / "encoders").exists():
            (home / "encoders").symlink_to(self.folder / "encoders")
        return Job(self.data, self.settings(home, seed))

    def run(self, home: Path, seed: int) -> str:
        """The whole chain; gives the version of the challenger."""
        job = self.job(home, seed)
        features, _ = extract(job)
        gated = gate(job, features, compare_rankers(job), slates_of(job, features)[2])
        if gated.champion:
            release_champion(home, job.name, package(job, features, gated.champion).name)
        return gated.version

    def registry(self, home: Path) -> Registry:
        """Of the chain's home."""
        return registry(self.job(home, 0))


def weights_of(models: Registry, version: str) -> str:
    """sha256 of a registered model's weights."""
    return hashlib.sha256((models.path(version) / WEIGHTS).read_bytes()).hexdigest()


def all_weights(models: Registry) -> set[str]:
    """Of all models."""
    return {weights_of(models, version) for version in models.versions()}


def goes_on(shop: Shop, home: Path, expected: set[str], again: Callable[[], str]) -> str:
    """What is wrong after a fault, in words; "" when the champion is whole and the chain goes on to the expected weights.

    Args:
        again: runs the chain once more, and says what was wrong with that.
    """
    try:
        if not champion_is_whole(shop.registry(home)):
            return "no champion"
        return again() or ("" if all_weights(shop.registry(home)) == expected else "other weights")
    except Exception as error:
        return f"going on: {type(error).__name__}: {error}"[:200]


def champion_is_whole(models: Registry) -> bool:
    """Whether the champion that the registry names loads."""
    champion = models.champion()
    if champion is None:
        return False
    load_model(models.path(champion))
    return True
