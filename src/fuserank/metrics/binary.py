"""Measures of the yes-or-no reading of a ranker (is this product relevant?), by scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn import metrics


def best_threshold(scores: np.ndarray, relevant: np.ndarray) -> float:
    """The score from which on calling a pair relevant gives the highest F1; to be chosen on validation pairs.

    Args:
        scores: (n,) finite.
        relevant: (n,) bool, with at least one True.
    """
    precision, recall, thresholds = metrics.precision_recall_curve(relevant, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[int(np.argmax(f1[:-1]))])


def binary_measures(scores: np.ndarray, relevant: np.ndarray, threshold: float) -> dict[str, float]:
    """Accuracy, precision, recall, F1 at `threshold`, and ROC-AUC over all pairs.

    Args:
        scores: (n,) finite.
        relevant: (n,) bool.

    Returns:
        values in [0, 1]; ROC-AUC is left out when all pairs are of one class, precision is 0 when nothing is called relevant.
    """
    called = scores >= threshold
    values = {
        "accuracy": metrics.accuracy_score(relevant, called),
        "precision": metrics.precision_score(relevant, called, zero_division=0),
        "recall": metrics.recall_score(relevant, called, zero_division=0),
        "F1": metrics.f1_score(relevant, called, zero_division=0),
    }
    if relevant.any() and not relevant.all():
        values["ROC-AUC"] = metrics.roc_auc_score(relevant, scores)
    return {name: float(value) for name, value in values.items()}
