"""Grades out of what a click model found."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import ClickEstimate
from fuserank.types import Judgment

SOURCE = "click_model"
BEST = 0.95  # quantile of the attraction of what was clicked: from here on the highest grade
FEWEST_LOOKS = 2.0  # a product that fewer have looked at is left unjudged


def judged(
    log: ClickLog, estimate: ClickEstimate, *, max_grade: int, fewest: float = FEWEST_LOOKS
) -> Iterator[tuple[str, dict[str, int]]]:
    """(query id, product id -> grade 0..max_grade), in proportion to attraction.

    Queries whose products all have the same grade are left out: nothing is learned from them.

    Args:
        fewest: looks that a product needs.
    """
    enough = estimate.looks >= fewest
    clicked = np.bincount(log.pair, log.clicked, len(log.pair_query)) > 0
    if not (enough & clicked).any():
        return
    best = float(np.quantile(estimate.attraction[enough & clicked], BEST))
    for query, liked in estimate.by_query(log, fewest=fewest):
        grades = {product: round(max_grade * min(1.0, value / best)) for product, value in liked.items()}
        if len(set(grades.values())) > 1:
            yield query, grades


def judgments(found: Iterator[tuple[str, dict[str, int]]]) -> Iterator[Judgment]:
    """What `judged` gives as rows."""
    for query, grades in found:
        for product, grade in grades.items():
            yield Judgment(query, product, grade, SOURCE)
