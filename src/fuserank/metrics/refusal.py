"""When no answer is better than the best one: a threshold on the calibrated probability, set on validation.

Shapes: Q questions; probability (Q,) of the best answer, in [0, 1]; right (Q,) bool, the best answer answers the question, which is
never so for a question without an answer.
"""

from __future__ import annotations

import numpy as np

from fuserank.metrics.calibration import brier, ece

Measures = dict[str, float]


def threshold_of(probability: np.ndarray, answerable: np.ndarray) -> float:
    """The threshold with the greatest mean of two shares: answerable questions that are answered, and others that are refused.

    It does not depend on how many of the questions have no answer, which differs from shop to shop (Youden 1950, "Index for rating
    diagnostic tests"). It lies midway between two probabilities that occurred, so that neither side touches it; where no number is
    between two of them, at the upper one.

    Args:
        probability: (Q,) of the best answer to each question of validation.
        answerable: (Q,) bool, whether the knowledge base has an answer; both kinds occur.

    Raises:
        ValueError: only one kind of question occurs.
    """
    if answerable.all() or not answerable.any():
        raise ValueError(f"{int(answerable.sum())} of {len(answerable)} questions have an answer; a threshold needs both kinds")
    levels = np.unique(probability)
    between = np.maximum((levels[1:] + levels[:-1]) / 2, np.nextafter(levels[:-1], levels[1:]))
    bars = np.concatenate([levels[:1], between, [np.nextafter(levels[-1], 2.0)]])
    shares = [((probability[answerable] >= bar).mean() + (probability[~answerable] < bar).mean()) / 2 for bar in bars]
    return float(bars[int(np.argmax(shares))])


def measured(probability: np.ndarray, right: np.ndarray, answerable: np.ndarray, threshold: float) -> Measures:
    """How well it is known when to be silent.

    Returns:
        ``refusal precision``: of the refused, how many have no answer; ``refusal recall``: of those without an answer, how many are
        refused; ``answered``: of those with an answer, how many get one; ``right of answered``: of all answers that are given, how
        many are right; ``ECE`` (equal mass) and ``Brier`` of the stated probability. A share of nothing is 1.0.
    """
    refused = probability < threshold
    return {
        "refusal precision": _share((~answerable)[refused]),
        "refusal recall": _share(refused[~answerable]),
        "answered": _share(~refused[answerable]),
        "right of answered": _share(right[~refused]),
        "ECE": ece(probability, right),
        "Brier": brier(probability, right),
    }


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else 1.0
