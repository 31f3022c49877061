"""Shoppers whose truth is known, for the tests of what is estimated from them."""

import numpy as np

from fuserank.click_models.from_interactions import from_interactions
from fuserank.data.sample.biased_shoppers import Crowd, visits

QUERIES, PRODUCTS = 30, 40


def truth(seed=0):
    """Grades (Q, N) and the older ranker's liking (Q, N), the same for all queries."""
    rng = np.random.default_rng(seed)
    return rng.choice(4, size=(QUERIES, PRODUCTS), p=(0.55, 0.2, 0.15, 0.1)), np.tile(rng.normal(size=PRODUCTS), (QUERIES, 1))


def table(seed=0, **crowd):
    grades, liking = truth()
    queries, products = ([f"{letter}{n}" for n in range(count)] for letter, count in (("q", QUERIES), ("p", PRODUCTS)))
    return visits(grades, liking, queries, products, Crowd(**crowd), np.random.default_rng(seed))


def known_log(seed=0, **crowd):
    return from_interactions(table(seed, **crowd))
