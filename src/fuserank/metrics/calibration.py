"""How far stated probabilities are from what happens: expected calibration error, Brier score, reliability diagram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuserank.plugins import PluginTable

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """The points of a reliability diagram, one for each bin that holds a pair.

    Attributes:
        stated: (K,) mean probability in the bin, ascending.
        found: (K,) share of relevant pairs in it.
        pairs: (K,) how many there are, >= 1.
    """

    stated: np.ndarray
    found: np.ndarray
    pairs: np.ndarray


def _equal_width(probabilities: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges that cut [0, 1] into equal parts (Naeini et al. 2015)."""
    return np.linspace(0, 1, bins + 1)[1:-1]


def _equal_mass(probabilities: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges that cut the pairs into equal parts; equal probabilities stay together, so a part may be larger."""
    return np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))


BINNINGS: PluginTable[Callable[[np.ndarray, int], np.ndarray]] = PluginTable(
    "binning", {"equal width": _equal_width, "equal mass": _equal_mass}
)


def reliability(probabilities: np.ndarray, relevant: np.ndarray, *, binning: str = "equal mass", bins: int = BINS) -> Reliability:
    """Bin the pairs by their probability and compare what is stated with what is found.

    Args:
        probabilities: (n,) in [0, 1].
        relevant: (n,) bool.
        binning: name in BINNINGS.
        bins: at most so many, >= 1.

    Raises:
        ValueError: no pair, or shapes that differ.
        UnknownNameError: no such binning.
    """
    if not len(probabilities) or np.shape(probabilities) != np.shape(relevant):
        raise ValueError(
            f"{np.shape(probabilities)} probabilities and {np.shape(relevant)} judgments; both need the same pairs, at least one"
        )
    stated, found = np.asarray(probabilities, float), np.asarray(relevant, float)
    which = np.searchsorted(BINNINGS[binning](stated, bins), stated, side="right")
    pairs = np.bincount(which)
    held = pairs > 0
    means = [np.bincount(which, weights=values)[held] / pairs[held] for values in (stated, found)]
    return Reliability(means[0], means[1], pairs[held])


def ece(probabilities: np.ndarray, relevant: np.ndarray, *, binning: str = "equal mass", bins: int = BINS) -> float:
    """Expected calibration error: Σ_k (n_k / n) |stated_k - found_k| (Naeini et al. 2015, AAAI); arguments as in `reliability`.

    Returns:
        a value in [0, 1]; 0: in every bin as many are relevant as was said.
    """
    curve = reliability(probabilities, relevant, binning=binning, bins=bins)
    return float(np.average(np.abs(curve.stated - curve.found), weights=curve.pairs))


def brier(probabilities: np.ndarray, relevant: np.ndarray) -> float:
    """Mean squared difference of probability and outcome (Brier 1950), in [0, 1]; (n,) each, n >= 1.

    Unlike the calibration error it also rewards telling relevant from irrelevant apart.
    """
    return float(np.mean((np.asarray(probabilities, float) - np.asarray(relevant, float)) ** 2))
