"""Sums by shopper, and tests whose unit is the shopper: requests of one shopper are not independent."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from fuserank.metrics.ratios import linearised
from fuserank.metrics.significance import paired_p

FEW = 2000  # shoppers; above it the randomisation test would need gigabytes, and agrees with the t test


@dataclass(frozen=True)
class Contrast:
    """A measure of both models, means over requests.

    Attributes:
        measure: its name.
        champion, challenger: values.
        difference: challenger - champion.
        low, high: 95 % confidence interval of the difference; None where it has no spread, or a side has one shopper.
        p: of no difference; None likewise.
        requests, shoppers: that the means are over, of champion and challenger.
        p_adjusted: p, corrected for the measures beside it (Holm 1979).
    """

    measure: str
    champion: float
    challenger: float
    difference: float
    low: float | None
    high: float | None
    p: float | None
    requests: tuple[int, int]
    shoppers: tuple[int, int]
    p_adjusted: float | None = None


class ShopperSums:
    """Sums of a few numbers by shopper, in 16 bytes a number.

    Args:
        width: how many numbers.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._rows: dict[str, int] = {}
        self._sums = array("d")

    def add(self, shopper: str, values: Sequence[float | None]) -> None:
        """Add one request; None says nothing of its number."""
        start = 2 * self._width * self._rows.setdefault(shopper, len(self._rows))
        if start == len(self._sums):
            self._sums.extend([0.0] * (2 * self._width))
        for place, value in enumerate(values):
            if value is not None:
                self._sums[start + 2 * place] += value
                self._sums[start + 2 * place + 1] += 1

    @property
    def shoppers(self) -> set[str]:
        """Who was added."""
        return set(self._rows)

    def table(self, without: set[str] | None = None) -> np.ndarray:
        """(S, width, 2): by shopper and number the sum and how many requests it is of."""
        rows = [row for shopper, row in self._rows.items() if shopper not in (without or ())]
        return np.array(self._sums).reshape(-1, self._width, 2)[rows]


def two_sides(measure: str, champion: np.ndarray, challenger: np.ndarray) -> Contrast | None:
    """Different shoppers on both sides: Welch's t test on ratios linearised by shopper.

    The delta method of Deng, Knoblich & Lu 2018, KDD, "Applying the delta method in metric analytics".

    Args:
        champion, challenger: (S, 2) each: a shopper's sum, and how many requests it is of.

    Returns:
        None when a side has no request.
    """
    sides = [side[side[:, 1] > 0] for side in (champion, challenger)]
    if not all(map(len, sides)):
        return None
    ours, theirs = (DescrStatsW(linearised(side)) for side in reversed(sides))
    low = high = p = None
    if min(map(len, sides)) > 1 and ours.var + theirs.var > 0:
        both = CompareMeans(ours, theirs)
        low, high = map(float, both.tconfint_diff(usevar="unequal"))
        p = float(both.ttest_ind(usevar="unequal")[1])
    before, after = (float(side[:, 0].sum() / side[:, 1].sum()) for side in sides)
    requests = (int(sides[0][:, 1].sum()), int(sides[1][:, 1].sum()))
    return Contrast(measure, before, after, after - before, low, high, p, requests, (len(sides[0]), len(sides[1])))


def same_requests(measure: str, sums: np.ndarray) -> Contrast | None:
    """Both models on the same requests: a randomisation test that swaps the models of a shopper (Smucker et al. 2007, CIKM).

    Args:
        sums: (S, 2, 2): of champion and challenger a shopper's sum, and how many requests it is of.

    Returns:
        None when there is no request.
    """
    if not len(sums):
        return None
    champion, challenger, counts = sums[:, 0, 0], sums[:, 1, 0], sums[:, 0, 1]
    before, after = (float(side.sum() / counts.sum()) for side in (champion, challenger))
    apart = DescrStatsW(linearised(np.stack([challenger - champion, counts], axis=1)))
    low = high = p = None
    if len(sums) > 1:
        p = paired_p(challenger, champion) if len(sums) <= FEW else float(DescrStatsW(challenger - champion).ttest_mean()[1])
        if apart.var > 0:
            low, high = map(float, apart.tconfint_mean())
    both = int(counts.sum())
    return Contrast(measure, before, after, after - before, low, high, p, (both, both), (len(sums), len(sums)))
