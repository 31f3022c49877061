"""Train over several seeds, set confidence on validation, measure on test; and beside it what needs no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.model_folder import load_model
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.train import Plan, slates_of, train_plan
from fuserank.recipes.answering.asked_slates import asked_slates
from fuserank.recipes.answering.best import Best, best_answers, scored_by
from fuserank.recipes.answering.confidence import Confidence, fit_confidence, measures
from fuserank.serving import build_package
from fuserank.slates import Features, Slate

RANDOM = "random order"


@dataclass(frozen=True)
class Seeded:
    """One training: its model folder, when it answers, and what it gives for the questions of test."""

    seed: int
    folder: Path
    confidence: Confidence
    test: Best
    measures: Mapping[str, float]


@dataclass(frozen=True)
class Study:
    """What was found.

    Attributes:
        seeds: trainings.
        floors: name -> measures of what needs no training: random order, and the single score that is best on validation.
        questions: ids of the questions of test, in the order of `Seeded.test`.
        features: of the dataset.
    """

    seeds: tuple[Seeded, ...]
    floors: Mapping[str, Mapping[str, float]]
    questions: tuple[str, ...]
    features: Features = field(repr=False)

    def spread(self) -> dict[str, tuple[float, float, float]]:
        """measure -> (least, mean, greatest) over the seeds."""
        columns = {name: [one.measures[name] for one in self.seeds] for name in self.seeds[0].measures}
        return {name: (min(values), float(np.mean(values)), max(values)) for name, values in columns.items()}

    def by(self, part_of: Callable[[str], str]) -> dict[str, tuple[int, float]]:
        """part -> (questions, share of them that all seeds together answer right), of those that have an answer.

        Args:
            part_of: query id -> part.
        """
        right = np.mean([one.test.right for one in self.seeds], axis=0)
        parts: dict[str, list[float]] = {}
        for question, share, answerable in zip(self.questions, right, self.seeds[0].test.answerable, strict=True):
            if answerable:
                parts.setdefault(part_of(question), []).append(float(share))
        return {part: (len(shares), float(np.mean(shares))) for part, shares in sorted(parts.items())}


def study(job: Job, told: Callable[[str], None] | None = None) -> Study:
    """Run it; what was computed before is taken from the store.

    Args:
        job: of the dataset; its settings say modalities, ranker and seeds.
        told: is told what is being done.

    Raises:
        InputError: a split has too few questions.
    """
    data, relevant = job.dataset, job.dataset.manifest.relevant_grade
    told = told or (lambda _: None)
    told("features")
    features, _ = extract(job)
    train_slates, val_slates, _ = slates_of(job, features)
    val, test = asked_slates(features, data, "val"), asked_slates(features, data, "test")
    seeds = []
    for seed in job.settings.training.seeds:
        told(f"training, seed {seed}")
        ranker_name = job.settings.training.rankers[0]
        plan = Plan(ranker_name, "fusion", ranker_name, tuple(m.name for m in job.modalities), seed)
        folder = train_plan(job, features, plan, train_slates, val_slates).folder
        score = scored_by(load_model(folder)[0], features)
        confidence = fit_confidence(best_answers(score, val, relevant))
        found = best_answers(score, test, relevant)
        seeds.append(Seeded(seed, folder, confidence, found, measures(found, confidence)))
    ids = tuple(features.queries.query_ids[slate.query] for slate in test)
    return Study(tuple(seeds), _floors(features, val, test, relevant), ids, features)


def packaged(job: Job, found: Study, folder: Path) -> Path:
    """The first seed's model with the dataset's products, as a service loads it; built once."""
    if not folder.exists():
        data: Dataset = job.dataset
        build_package(
            folder,
            model_folder=found.seeds[0].folder,
            products=data.products,
            catalogue=found.features.catalogue,
            histories={},
            modalities=job.modalities,
            read_bytes=data.media.get,
            media=job.settings.media,
        )
    return folder


def _floors(features: Features, val: list[Slate], test: list[Slate], relevant: int) -> dict[str, Mapping[str, float]]:
    rng = np.random.default_rng(0)
    floors: dict[str, Mapping[str, float]] = {
        RANDOM: measures(best_answers(lambda slate: rng.random(len(slate.rows)), test, relevant), None)
    }
    accuracy: dict[str, float] = {}
    for column, name in enumerate(features.pair_names):
        accuracy[name] = measures(best_answers(_pair(column), val, relevant), None)["accuracy@1"]
    best = max(accuracy, key=lambda name: accuracy[name])
    return floors | {f"{best} alone": measures(best_answers(_pair(features.pair_names.index(best)), test, relevant), None)}


def _pair(column: int) -> Callable[[Slate], np.ndarray]:
    return lambda slate: slate.pairs[:, column]


def as_dict(found: Study) -> dict[str, Any]:
    """JSON-able."""
    return {
        "seeds": {one.seed: dict(one.measures) | {"threshold": one.confidence.threshold} for one in found.seeds},
        "floors": {name: dict(values) for name, values in found.floors.items()},
        "questions": len(found.questions),
    }
