"""Estimators of a policy's value from another's log. To add one: a function here and an entry in ESTIMATORS.

ips     Σ w r / S                      unbiased while every act has a chance in the log, wild where chances are small
                                       (Horvitz & Thompson 1952, JASA)
snips   due Σ w r / Σ w                steadier, of small bias; assumes that what the log has not covered is as good as the rest
                                       (Swaminathan & Joachims 2015, NeurIPS, "The self-normalized estimator …")
dr      Σ (model + w (r - predicted)) / S   right when the weights or the model are (Dudík, Langford & Li 2011, ICML, "Doubly robust
                                       policy evaluation and learning"; for clicks on lists Oosterhuis 2023, TOIS)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuserank.counterfactual.evidence import Evidence
from fuserank.errors import TooFewError
from fuserank.metrics.ratios import ratio_interval
from fuserank.plugins import PluginTable

Parts = tuple[np.ndarray, np.ndarray]  # (S,) each: an estimate is the sum of the first over the sum of the second


@dataclass(frozen=True)
class Estimate:
    """A value by one estimator.

    Attributes:
        estimator: its name.
        value: a decision.
        low, high: 95 % confidence interval by shopper (delta method); None where there is one shopper, or no spread.
    """

    estimator: str
    value: float
    low: float | None
    high: float | None


def _ips(seen: Evidence) -> Parts:
    return seen.weighted, np.ones(len(seen.weighted))


def _snips(seen: Evidence) -> Parts:
    return seen.due * seen.weighted, seen.weight


def _dr(seen: Evidence) -> Parts:
    return seen.model + seen.weighted - seen.predicted, np.ones(len(seen.weighted))


ESTIMATORS: PluginTable[Callable[[Evidence], Parts]] = PluginTable("estimator", {"ips": _ips, "snips": _snips, "dr": _dr})
ADDITIVE = ("ips", "dr")  # means over decisions, so that two of them can be subtracted decision by decision


def estimated(seen: Evidence, name: str) -> Estimate:
    """The value of the policy.

    Raises:
        UnknownNameError: no such estimator.
        TooFewError: no decision, or the log has done nothing that the policy does.
    """
    above, below = ESTIMATORS[name](seen)
    return _ratio(name, seen.shopper, above, below)


def difference(seen: Evidence, other: Evidence, name: str) -> Estimate:
    """Value of the policy minus that of another on the same decisions; `name` in ADDITIVE. Errors as of `estimated`."""
    (ours, below), (theirs, _) = ESTIMATORS[name](seen), ESTIMATORS[name](other)
    return _ratio(name, seen.shopper, ours - theirs, below)


def _ratio(name: str, shopper: np.ndarray, above: np.ndarray, below: np.ndarray) -> Estimate:
    if not below.any():
        raise TooFewError(
            f"{len(below)} decisions in the log, of which none is one that the policy could make",
            allowed="a log that has shown, at some place, what the policy would show",
            todo="collect more behaviour, or judge a policy nearer to the one that was logged",
        )
    who = np.unique(shopper, return_inverse=True)[1]
    sums = np.stack([np.bincount(who, above), np.bincount(who, below)], axis=1)
    return Estimate(name, float(above.sum() / below.sum()), *ratio_interval(sums))
