"""Shops to experiment on, opened once: dataset, features, slates, and trainings that differ in what is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.importing import SAMPLE, import_once
from fuserank.pipeline.job import EVALUATION_SOURCES, Job
from fuserank.pipeline.results import CASES
from fuserank.pipeline.studies.cells import Cells
from fuserank.pipeline.train import Plan, TrainedModel, default_ranker, families_of, slates_of, train_plan
from fuserank.settings import Settings
from fuserank.slates import Features, Slate

SOURCES = (*EVALUATION_SOURCES, "pipeline/train.py", "pipeline/extract.py", "pipeline/studies/bench.py")
OPEN_AT_ONCE = 3


@dataclass(frozen=True)
class Shop:
    """A dataset that a study asks for.

    Attributes:
        importer: name in IMPORTERS, or ``sample``.
        regime: with the importer it names the shop.
        options: keywords of the importer.
        modalities: that the set has; (): those of the settings.
        rankers: that a leaderboard of the shop holds; (): those of the settings.
    """

    importer: str
    regime: str = "default"
    options: tuple[tuple[str, Any], ...] = ()
    modalities: tuple[str, ...] = ()
    rankers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For people and keys: ``fashion, no_colour``."""
        return f"{self.importer}, {self.regime}"


SAMPLE_STORE = Shop(SAMPLE)


def real_shop(importer: str, regime: str, modalities: tuple[str, ...] = ()) -> Shop:
    """The shop of a case of the results (of its first fold), with other modalities if they are given."""
    case = next(case for case in CASES if (case.importer, case.regime) == (importer, regime))
    return Shop(importer, regime, tuple(case.options[0].items()), modalities or case.modalities, case.rankers)


@dataclass(frozen=True)
class Bench:
    """An opened shop."""

    shop: Shop
    job: Job
    features: Features
    train: list[Slate]
    val: list[Slate]
    test: list[Slate]

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """family -> its modalities that some product has."""
        return families_of(self.job, self.features)

    def with_training(self, **knobs: Any) -> Bench:
        """The same data with other training settings."""
        settings = self.job.settings
        training = settings.training.model_copy(update=knobs)
        return replace(self, job=Job(self.job.data, settings.model_copy(update={"training": training})))

    def plan(self, seed: int, *, name: str = "default", ranker: str = "", keep: Sequence[str] = ()) -> Plan:
        """A training of the default ranker, or of `ranker`, that sees all modalities, or those in `keep`."""
        modalities = tuple(keep) or tuple(m.name for m in self.job.modalities)
        return Plan(name, "fusion", ranker or default_ranker(self.job), modalities, seed)

    def fit(self, plan: Plan) -> TrainedModel:
        """Train on all training slates, or give what was trained before."""
        return train_plan(self.job, self.features, plan, self.train, self.val)

    def quality(self, model: TrainedModel, keep: Sequence[str] = ()) -> list[float]:
        """nDCG@10 of each test slate when products have only the modalities in `keep` (default: those of the plan)."""
        return ndcg_of(score_with(self.features, load_model(model.folder)[0], tuple(keep) or model.plan.keep), self.test)

    def cells(self, study: str, *sources: str, **parts: Any) -> Cells:
        """Where a study keeps what it measures here; stale when data, encoders, code, `sources` or `parts` change.

        Args:
            study: name of the study and of its file.
            sources: further files of the package that the numbers depend on.
        """
        training = self.job.settings.training.model_dump(mode="json", exclude={"seeds", "rankers"})
        code = (*SOURCES, f"pipeline/studies/{study}.py", *sources)
        key = self.job.fingerprint(
            sources=code, training=training, ranker=default_ranker(self.job), shop=self.shop, families=self.families, **parts
        )
        return Cells(self.job.settings.home / "studies" / study / f"{key}.json")


def ndcg_of(score: Callable[[Slate], Any], slates: Sequence[Slate]) -> list[float]:
    """nDCG@10 (linear gain) of each slate, each of which has a grade above 0."""
    return [ndcg(score(slate), slate.grades) for slate in slates]


class Workspace:
    """Opens shops; the last few stay open.

    Args:
        open_job: makes the dataset of a shop and gives the job over it.
    """

    def __init__(self, open_job: Callable[[Shop], Job]) -> None:
        self.job = open_job
        self.bench: Callable[[Shop], Bench] = lru_cache(maxsize=OPEN_AT_ONCE)(self._open)

    def _open(self, shop: Shop) -> Bench:
        job = self.job(shop)
        features, _ = extract(job)
        return Bench(shop, job, features, *slates_of(job, features))


def imported(source: Path, settings: Settings) -> Workspace:
    """A workspace over the real sets in `source`, each imported into `settings.home`."""

    def open_job(shop: Shop) -> Job:
        data = settings.home / "results" / f"{shop.importer}-{shop.regime}-0"
        import_once(shop.importer, source, data, dict(shop.options))
        modalities = shop.modalities or settings.features.modalities
        return Job(data, settings.model_copy(update={"features": settings.features.model_copy(update={"modalities": modalities})}))

    return Workspace(open_job)
