"""Fits that several peers ask for with the same inputs: done once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from fuserank.slates import Features, Slate

Result = TypeVar("Result")
Fit = Callable[[Features, Sequence[Slate], Sequence[Slate], int], Result]


def remembered(fit: Fit[Result]) -> Fit[Result]:
    """`fit`, which gives its latest result for the features and the seed again, as long as all slates are the same objects.

    Results live as long as their features and so must not hold them; the slates are held too, so no other gets the id of one.
    """
    latest: WeakKeyDictionary[Features, dict[int, tuple[list[Slate], list[Slate], Result]]] = WeakKeyDictionary()

    @wraps(fit)
    def fitted(features: Features, train: Sequence[Slate], val: Sequence[Slate], seed: int) -> Result:
        by_seed = latest.setdefault(features, {})
        if seed not in by_seed or not (_same(by_seed[seed][0], train) and _same(by_seed[seed][1], val)):
            by_seed[seed] = [*train], [*val], fit(features, train, val, seed)
        return by_seed[seed][2]

    return fitted


def _same(slates: Sequence[Slate], others: Sequence[Slate]) -> bool:
    return len(slates) == len(others) and all(map(operator.is_, slates, others))
