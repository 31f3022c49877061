"""Evaluation: all trained models and baselines on the test slates; the challenger is the best fusion on validation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from statistics import fmean, variance
from typing import Any

import numpy as np

from fuserank.baselines import BASELINES
from fuserank.evaluation.entries import Entry, Score
from fuserank.evaluation.leaderboard import Leaderboard, Row, build_leaderboard
from fuserank.evaluation.plots import learning_curves, ranking_plot, reliability_plot
from fuserank.files import write_file
from fuserank.metrics.ndcg import ndcg
from fuserank.model_folder import load_model
from fuserank.pages import render
from fuserank.pipeline.calibrate import before_and_after, in_words
from fuserank.pipeline.job import EVALUATION_SOURCES, Job, git_commit
from fuserank.pipeline.train import TrainedModel, default_ranker
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate, keep_modalities, score_slate, store_catalogue


@dataclass(frozen=True)
class Evaluated:
    """The leaderboard, the challenger's model folder, and what the challenger gives without each family of modalities."""

    board: Leaderboard
    challenger: Path
    missing: dict[str, float]


def evaluate(
    job: Job,
    features: Features,
    models: Sequence[TrainedModel],
    slates: tuple[Sequence[Slate], ...],
) -> Evaluated:
    """Measure everything on test, or read what was measured before from the same inputs; write the report.

    Args:
        slates: training, validation and test slates.
    """
    default = default_ranker(job)
    key = job.fingerprint(
        sources=EVALUATION_SOURCES,
        models=sorted(m.folder.name for m in models),
        evaluation=job.settings.evaluation.model_dump(),
        default=default,
    )
    folder = job.settings.home / "evaluations" / key
    challenger = choose(models, default)
    if not (folder / "leaderboard.json").exists():
        board = build_leaderboard(
            job.dataset,
            features,
            [*model_entries(features, models), *baseline_entries(job, features, slates)],
            slates[1],
            slates[2],
            chosen=challenger.plan.name,
            engine=job.engine,
        )
        missing = without_families(job, features, challenger, slates[2])
        stated = calibration_of(job, features, challenger, slates[2])
        write_file(folder / "leaderboard.json", json.dumps({"board": board.as_dict(), "missing": missing, "calibration": stated}))
    stored = json.loads((folder / "leaderboard.json").read_text())
    board = _board(stored["board"])
    _report(job, board, models, stored)
    return Evaluated(board, challenger.folder, stored["missing"])


def choose(models: Sequence[TrainedModel], default: str = "") -> TrainedModel:
    """The challenger: the fusion whose mean validation nDCG@10 over seeds is highest; of it, its best seed. Test plays no part.

    Args:
        default: a fusion that keeps its place unless the highest mean is above its own by more than a standard error.
    """
    found: dict[str, list[float]] = {}
    for model in models:
        if model.plan.kind == "fusion":
            found.setdefault(model.plan.name, []).append(model.val_ndcg)
    best = max(sorted(found), key=lambda name: fmean(found[name]))
    if default in found and fmean(found[best]) - fmean(found[default]) <= _error_of_difference(found[best], found[default]):
        best = default
    return max((m for m in models if m.plan.name == best), key=lambda m: m.val_ndcg)


def _error_of_difference(*sides: Sequence[float]) -> float:
    """Standard error of the difference of two means over seeds; a single seed adds none."""
    return sqrt(sum(variance(values) / len(values) for values in sides if len(values) > 1))


def model_entries(features: Features, models: Sequence[TrainedModel]) -> list[Entry]:
    """The trained models as leaderboard entries, each seeing only the modalities it was trained with."""
    return [
        Entry(m.plan.name, m.plan.kind, score_with(features, load_model(m.folder)[0], m.plan.keep), m.plan.seed) for m in models
    ]


def score_with(features: Features, ranker: Ranker, keep: Sequence[str]) -> Score:
    """A score function of a ranker that sees only the product modalities in `keep`, for slates of these features as they are: it
    reads the catalogue as serving does."""
    stored = store_catalogue(ranker, features, keep)

    def score(slate: Slate) -> np.ndarray:
        return score_slate(ranker, stored, features.queries, keep_modalities([slate], ranker.spec.modalities, keep)[0])

    return score


def baseline_entries(job: Job, features: Features, slates: tuple[Sequence[Slate], ...]) -> list[Entry]:
    """The configured baselines, fitted on train and validation; those that depend on a seed once for each seed."""
    entries = []
    for name in job.settings.evaluation.baselines:
        baseline = BASELINES[name]
        for seed in job.settings.training.seeds if baseline.seeded else (0,):
            fitted = baseline.fit(features, slates[0], slates[1], seed)
            entries += [Entry(ranker, baseline.kind, score, seed) for ranker, score in fitted.items()]
    return entries


def without_families(job: Job, features: Features, model: TrainedModel, test: Sequence[Slate]) -> dict[str, float]:
    """family -> mean nDCG@10 on test when no product has the modalities of that family."""
    ranker, _ = load_model(model.folder)
    result = {}
    for family, members in job.settings.evaluation.families.items():
        rest = tuple(name for name in model.plan.keep if name not in members)
        present = [features.catalogue.has(name).any() for name in members if name in model.plan.keep]
        if rest and any(present):
            score = score_with(features, ranker, rest)
            result[family] = fmean(ndcg(score(s), s.grades) for s in test)
    return result


def calibration_of(job: Job, features: Features, model: TrainedModel, test: Sequence[Slate]) -> dict[str, Any] | None:
    """Error of the model's probabilities on test before and after its calibration; None when it has none."""
    ranker, meta = load_model(model.folder)
    if meta.calibration is None:
        return None
    score = score_with(features, ranker, model.plan.keep)
    return before_and_after(score, meta.calibration, test, job.dataset.manifest.relevant_grade)


def _report(job: Job, board: Leaderboard, models: Sequence[TrainedModel], stored: dict[str, Any]) -> None:
    """Write leaderboard.json and leaderboard.html."""
    curves, calibration = {f"{m.plan.name} ({m.plan.seed})": m.curve for m in models}, stored["calibration"]
    page = render(
        "leaderboard.html",
        title=f"Leaderboard: {job.name}",
        dataset=job.name,
        data_version=board.data_version[:12],
        commit=git_commit()[:12],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        primary="nDCG@10",
        relevant_grade=board.relevant_grade,
        rows=[row.__dict__ for row in board.rows],
        slices=list(board.slices),
        notes=[
            *board.notes,
            f"{board.chosen} was chosen on validation; the others are tested against it (paired randomisation, Holm)",
            *([in_words(calibration, board.chosen)] if calibration else []),
        ],
        plots=[
            {"title": "nDCG@10 on test", "svg": ranking_plot(board)},
            {"title": "Learning curves", "svg": learning_curves(curves)},
            *([{"title": f"Probabilities of {board.chosen}", "svg": reliability_plot(calibration)}] if calibration else []),
        ],
    )
    write_file(job.reports / "leaderboard.html", page)
    write_file(job.reports / "leaderboard.json", json.dumps(stored, indent=1))


def _board(values: dict[str, Any]) -> Leaderboard:
    return Leaderboard(
        **{
            **values,
            "rows": tuple(Row(**row) for row in values["rows"]),
            "slices": tuple(values["slices"]),
            "notes": tuple(values["notes"]),
        }
    )
