"""Calibration in the chain: fitted on the validation slates of a trained model, measured on test slates before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fuserank.calibration import Calibration, fit_calibration
from fuserank.evaluation.entries import Score
from fuserank.metrics.calibration import BINNINGS, Reliability, brier, ece, reliability
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate, project_catalogue, score_slate

ECES = tuple(f"ECE {binning}" for binning in BINNINGS)
SHOWN = 10  # candidates of a query that a shopper sees; over whole slates what is plainly irrelevant hides every error


def calibrate(ranker: Ranker, features: Features, val_slates: Sequence[Slate], relevant_grade: int) -> Calibration | None:
    """Fit a calibration on the scores that serving would give; None when validation is too small for one.

    Args:
        val_slates: as the model sees them (`keep_modalities`).
    """
    projected = project_catalogue(ranker, features)
    scores = [score_slate(ranker, projected, features.queries, slate) for slate in val_slates]
    return fit_calibration(scores, [slate.grades >= relevant_grade for slate in val_slates])


def before_and_after(score: Score, calibration: Calibration, test: Sequence[Slate], relevant_grade: int) -> dict[str, Any]:
    """How far a model's probabilities are from what is found on test.

    Args:
        score: of the model.

    Returns:
        JSON-able: ``method``; for ``before`` (the sigmoid of the score) and ``after``: error of each binning and Brier score over
        all pairs and over the SHOWN best of each query, and the points of the reliability diagram over the latter.
    """
    from scipy.special import expit

    scores = [np.asarray(score(slate), float) for slate in test]
    relevant = [slate.grades >= relevant_grade for slate in test]
    best = [np.argsort(-s, kind="stable")[:SHOWN] for s in scores]
    stated = {"before": [expit(s) for s in scores], "after": [calibration.probability(s) for s in scores]}
    return {"method": calibration.method} | {
        when: {
            "all": _measures(np.concatenate(values), np.concatenate(relevant)),
            "shown": _measures(_taken(values, best), _taken(relevant, best)),
            "curve": _points(reliability(_taken(values, best), _taken(relevant, best))),
        }
        for when, values in stated.items()
    }


def in_words(measured: dict[str, Any], ranker: str) -> str:
    """What `before_and_after` found, in a sentence for the page."""
    shown = [measured[when]["shown"] for when in ("before", "after")]
    errors = {name: " to ".join(f"{values[name]:.3f}" for values in shown) for name in (*ECES, "Brier")}
    return (
        f"probabilities of {ranker} ({measured['method']}, fitted on validation), on the {SHOWN} best of each test query: "
        + ", ".join(f"{name} from {change}" for name, change in errors.items())
        + f"; stated {shown[1]['stated']:.3f} on average, relevant {shown[1]['relevant']:.3f}. Before: the sigmoid of the score"
    )


def _taken(values: Sequence[np.ndarray], which: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([v[w] for v, w in zip(values, which, strict=True)])


def _measures(stated: np.ndarray, relevant: np.ndarray) -> dict[str, float]:
    errors = {name: ece(stated, relevant, binning=binning) for name, binning in zip(ECES, BINNINGS, strict=True)}
    return errors | {"Brier": brier(stated, relevant), "stated": float(stated.mean()), "relevant": float(relevant.mean())}


def _points(curve: Reliability) -> dict[str, list[float]]:
    return {"stated": curve.stated.tolist(), "found": curve.found.tolist(), "pairs": curve.pairs.tolist()}
