"""Step: a ranker from shopper history and ad to a calibrated probability of a click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.calibration import fit_calibration
from fuserank.errors import InputError
from fuserank.metrics.calibration import BINS, brier, ece, reliability
from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.train import Plan, default_ranker, slates_of, train_plan
from fuserank.recipes.plots import points
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run
from fuserank.slates import Slate

LEAST = 1e-6  # no stated probability is 0: a price is divided by it


@dataclass(frozen=True)
class Clicks:
    """Held-out impressions: slates in the order of time, and (N,) probabilities of each."""

    slates: list[Slate]
    probabilities: list[np.ndarray]
    measures: dict[str, float]


def click_model(run: Run) -> Clicks:
    """Train on the split train, calibrate on val, measure on test.

    Raises:
        InputError: the split val has too few clicks to calibrate by.
    """
    job = run.job
    features, _ = extract(job)
    train, val, test = slates_of(job, features)
    name, names = default_ranker(job), tuple(m.name for m in job.modalities)
    folder = train_plan(job, features, Plan(name, "fusion", name, names, job.settings.training.seeds[0]), train, val).folder
    score = score_with(features, load_model(folder)[0], names)
    fitted = fit_calibration([score(slate) for slate in val], [slate.grades > 0 for slate in val])
    if fitted is None:
        raise InputError(f"{job.name}: too few clicks in the split val", allowed="5 queries with a click", todo="give more of them")
    moments = {query.query_id: query.timestamp or 0 for query in job.dataset.queries}
    test = sorted(test, key=lambda slate: moments[features.queries.query_ids[slate.query]])
    stated = [np.clip(fitted.probability(score(slate)), LEAST, 1.0) for slate in test]
    flat, clicked = np.concatenate(stated), np.concatenate([slate.grades > 0 for slate in test])
    measures = {
        "ECE equal mass": ece(flat, clicked),
        "ECE equal width": ece(flat, clicked, binning="equal width"),
        "Brier": brier(flat, clicked),
        "Brier of the mean rate": brier(np.full(len(flat), clicked.mean()), clicked),
        "stated": float(flat.mean()),
        "clicked": float(clicked.mean()),
    }
    curve = reliability(flat, clicked)
    words = f"{name}, {fitted.method} fitted on val; {len(flat)} held-out impressions, {int(clicked.sum())} clicks, {BINS} bins"
    plot = {"reliability": points(curve.stated.tolist(), curve.found.tolist())}
    run.show(Section("probability of a click", words, ("measure", "value"), tuple(measures.items()), plot))
    return Clicks(test, stated, measures)
