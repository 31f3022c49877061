"""Shoppers made up for quality from feedback: they click what they like where they look, on orders that may be good or bad.

A place at rank r is looked at with probability r^-eta, and what is looked at is clicked by its grade, as in the sample store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from fuserank.data.sample.shoppers import CLICK_GIVEN_SEEN, ETA
from fuserank.monitoring import Shown
from fuserank.monitoring.quality import DEPTH, conclude_quality, measure_quality, too_few

QUERIES, PRODUCTS = 60, 30
LEVEL = 0.05
DEALINGS = 199


@dataclass(frozen=True)
class Story:
    """How a side differs from the one before it.

    Attributes:
        eta: of its shoppers.
        noise: of the order, in grades.
        other_taste: what was wanted is not what is wanted.
    """

    eta: float = ETA
    noise: float = 0.5
    other_taste: bool = False


STORIES = {
    "as before": Story(),
    "shoppers look deeper": Story(eta=0.5),
    "shoppers look less deep": Story(eta=1.6),
    "a worse order": Story(noise=2.5),
    "another taste, the same order": Story(other_taste=True),
}


def drops(story: str, answers: int, rng: np.random.Generator) -> bool:
    """Whether quality is found to drop from `answers` answers of before to as many of a story."""
    before, now = shown(Story(), answers, rng), shown(STORIES[story], answers, rng)
    if too_few(before, now):
        return False
    measured = measure_quality(before, now, position_bias=ETA, count=DEALINGS, rng=rng)
    return conclude_quality(measured, LEVEL, before, now).drift


def shown(story: Story, answers: int, rng: np.random.Generator) -> Shown:
    """Answers, each to another shopper."""
    grades, tasted, noise = _shop()
    order = np.argsort(-(grades + story.noise * noise), axis=1)[:, :DEPTH]
    query = rng.integers(QUERIES, size=answers)
    products = order[query]
    wanted = (tasted if story.other_taste else grades)[query[:, None], products]
    looked = rng.random((answers, DEPTH)) < np.arange(1, DEPTH + 1) ** -story.eta
    clicked = looked & (rng.random((answers, DEPTH)) < np.array(CLICK_GIVEN_SEEN)[wanted])
    return Shown(np.arange(answers), query, products.astype(str), clicked.astype(float))


@cache
def _shop() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grades of products for queries, the same dealt to other products, and the noise of an order: (QUERIES, PRODUCTS) each."""
    rng = np.random.default_rng(0)
    grades = rng.choice(len(CLICK_GIVEN_SEEN), size=(QUERIES, PRODUCTS), p=(0.6, 0.2, 0.15, 0.05))
    return grades, rng.permuted(grades, axis=1), rng.normal(size=(QUERIES, PRODUCTS))
