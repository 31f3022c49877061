"""A trained ranker on the questions of a split, those without an answer among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fuserank.calibration import Calibration
from fuserank.data.dataset import Dataset
from fuserank.pipeline.calibrate import calibrate
from fuserank.ranker import Ranker
from fuserank.recipes.customer_service.dataset import is_answered
from fuserank.recipes.customer_service.refusal import Measures, measured, threshold_of
from fuserank.slates import Features, Slate, project_catalogue, score_slate


@dataclass(frozen=True)
class Asked:
    """The questions of a split with what the ranker makes of them.

    Attributes:
        query_ids: Q of them.
        best: catalogue row of the best answer, (Q,) int64.
        score: its score, (Q,).
        grade: its grade, (Q,).
        reciprocal: 1 / rank of the first right answer, (Q,); 0 for a question without one.
        answerable: (Q,) bool.
    """

    query_ids: tuple[str, ...]
    best: np.ndarray
    score: np.ndarray
    grade: np.ndarray
    reciprocal: np.ndarray
    answerable: np.ndarray


def whole_slates(features: Features, dataset: Dataset, split: str) -> list[Slate]:
    """One slate of all entries for each question of a split, also where none is right: `judged_slates` leaves those out."""
    rows, ids = np.arange(len(features.catalogue)), features.catalogue.product_ids
    row_of = {query_id: row for row, query_id in enumerate(features.queries.query_ids)}
    slates = []
    for query in dataset.queries:
        if query.split == split:
            judged = dataset.qrels.get(query.query_id, {})
            grades = np.array([judged.get(product_id, 0) for product_id in ids], np.float32)
            slates.append(features.slate(row_of[query.query_id], rows, grades))
    return slates


def asked(ranker: Ranker, features: Features, slates: Sequence[Slate], relevant_grade: int) -> Asked:
    """Rank the answers to each question."""
    products = project_catalogue(ranker, features)
    scores = np.stack([score_slate(ranker, products, features.queries, slate) for slate in slates])
    grades = np.stack([slate.grades for slate in slates])
    order = np.argsort(-scores, axis=1, kind="stable")
    right = np.take_along_axis(grades, order, axis=1) >= relevant_grade
    best, every = order[:, 0], np.arange(len(slates))
    query_ids = tuple(features.queries.query_ids[slate.query] for slate in slates)
    return Asked(
        query_ids,
        np.array([slate.rows[place] for slate, place in zip(slates, best, strict=True)]),
        scores[every, best],
        grades[every, best],
        np.where(right.any(axis=1), 1 / (1 + right.argmax(axis=1)), 0.0),
        np.array([is_answered(query_id) for query_id in query_ids]),
    )


@dataclass(frozen=True)
class Desk:
    """A calibrated ranker that knows when to be silent."""

    calibration: Calibration
    threshold: float

    def probability(self, score: np.ndarray) -> np.ndarray:
        """(Q,) scores of best answers -> (Q,) probabilities that they are right."""
        return self.calibration.probability(score)


def fitted(ranker: Ranker, features: Features, val: Sequence[Slate], relevant_grade: int) -> Desk:
    """Calibration and threshold from the questions of validation.

    Raises:
        ValueError: they are too few, or only of one kind.
    """
    calibration = calibrate(ranker, features, val, relevant_grade)
    if calibration is None:
        raise ValueError(f"{len(val)} questions of validation are too few for a calibration")
    found = asked(ranker, features, val, relevant_grade)
    return Desk(calibration, threshold_of(calibration.probability(found.score), found.answerable))


def measures(desk: Desk, found: Asked, relevant_grade: int) -> Measures:
    """What a reader wants to know: ranking of the questions that have an answer, and refusal over all.

    Returns:
        ``accuracy@1`` (the right topic, in whichever language), ``own language`` (and in the question's), ``MRR``, and those of
        `fuserank.recipes.customer_service.refusal.measured`.
    """
    some, top = found.answerable, found.grade.max()
    return {
        "accuracy@1": float((found.grade[some] >= relevant_grade).mean()),
        "own language": float((found.grade[some] >= top).mean()),
        "MRR": float(found.reciprocal[some].mean()),
    } | measured(desk.probability(found.score), found.grade >= relevant_grade, some, desk.threshold)
