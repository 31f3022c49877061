"""What a ranker, or any score, holds for the best answer to each question. Shapes: Q questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate, project_catalogue, score_slate

Score = Callable[[Slate], np.ndarray]


@dataclass(frozen=True)
class Best:
    """The best answers.

    Attributes:
        rows: catalogue row of the best answer, (Q,) int64.
        score: its score, (Q,).
        right: it answers the question, (Q,) bool.
        reciprocal: 1 / rank of the first right answer, (Q,); 0 where there is none.
        answerable: there is a right answer, (Q,) bool.
    """

    rows: np.ndarray
    score: np.ndarray
    right: np.ndarray
    reciprocal: np.ndarray
    answerable: np.ndarray


def scored_by(ranker: Ranker, features: Features) -> Score:
    """The score that serving would give."""
    products = project_catalogue(ranker, features)
    return lambda slate: score_slate(ranker, products, features.queries, slate)


def best_answers(score: Score, slates: Sequence[Slate], relevant_grade: int) -> Best:
    """Rank the candidates of each question; equal scores keep the order of the slate.

    Args:
        score: slate -> (N,) scores.
        slates: at least one, each with a candidate.
        relevant_grade: from this grade on an answer is right.
    """
    lines = []
    for slate in slates:
        scores = np.asarray(score(slate), float)
        order = np.argsort(-scores, kind="stable")
        right = slate.grades[order] >= relevant_grade
        first = 1 / (1 + int(right.argmax())) if right.any() else 0.0
        lines.append((slate.rows[order[0]], scores[order[0]], right[0], first, right.any()))
    rows, best, right, reciprocal, answerable = (np.array(column) for column in zip(*lines, strict=True))
    return Best(rows, best, right, reciprocal, answerable)
