"""How sure the best answer is, and from where on it is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fuserank.calibration import Calibration, fit_method
from fuserank.errors import TooFewError
from fuserank.metrics.refusal import measured, threshold_of
from fuserank.recipes.answering.best import Best


@dataclass(frozen=True)
class Confidence:
    """From the score of a best answer to whether it is given.

    Attributes:
        calibration: from its score to the probability that it is right. One of all pairs would not do: the best of many scores is
            high by chance too, so what it states is wrong just where it is read.
        threshold: below this probability nothing is answered.
    """

    calibration: Calibration
    threshold: float

    def probability(self, score: np.ndarray) -> np.ndarray:
        """(Q,) scores of best answers -> (Q,) probabilities that they are right."""
        return self.calibration.probability(score)


def fit_confidence(val: Best) -> Confidence:
    """From the questions of validation.

    Raises:
        TooFewError: they are all of one kind: all can be answered or none, or all best answers are right or none is.
    """
    if val.answerable.all() or not val.answerable.any() or val.right.all() or not val.right.any():
        raise TooFewError(
            f"{len(val.score)} questions of validation, {int(val.answerable.sum())} with an answer, {int(val.right.sum())} get it",
            allowed="some with an answer and some without, some answered right and some wrong",
            todo="add questions of the kind that is missing to split val",
        )
    calibration = fit_method("platt", list(val.score[:, None]), list(val.right[:, None]))
    return Confidence(calibration, threshold_of(calibration.probability(val.score), val.answerable))


def measures(best: Best, confidence: Confidence | None) -> dict[str, float]:
    """What a reader wants to know.

    Returns:
        ``accuracy@1`` and ``MRR`` over the questions that have an answer; with a confidence those of
        `fuserank.metrics.refusal.measured` over all.
    """
    some = best.answerable
    values = {"accuracy@1": float(best.right[some].mean()), "MRR": float(best.reciprocal[some].mean())}
    if confidence is None:
        return values
    return values | measured(confidence.probability(best.score), best.right, best.answerable, confidence.threshold)
