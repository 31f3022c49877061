"""Clicks over expected clicks: COEC (Zhang & Jones 2007, WWW, "Comparing click logs and editorial labels for training query
rewriting").

The clicks on a product are divided by the clicks that its places get whatever stands there. With the first place as the unit that
is clicks per look, where a place is looked at as often as it is clicked. Simple and steady; but where the old ranker was good, good
products stand on top, so top places are clicked more than they are looked at more, and the correction overshoots.
"""

from __future__ import annotations

import numpy as np

from fuserank.click_models.click_log import HIGHEST, ClickLog
from fuserank.click_models.estimate import PRIOR, ClickEstimate, need_clicks, shrunk


def coec(log: ClickLog) -> ClickEstimate:
    """Examination from the clicks of each place over all queries.

    Raises:
        TooFewError: no click.
    """
    need_clicks(log)
    shown = np.bincount(log.place - 1, minlength=log.depth)
    clicks = np.bincount(log.place - 1, log.clicked, log.depth)
    rate = np.divide(clicks, shown, out=np.zeros(log.depth), where=shown > 0)
    examination = np.minimum(rate / max(rate[0], 1e-12), 1.0) if rate[0] > 0 else (rate > 0).astype(float)
    looks = np.bincount(log.pair, examination[log.place - 1], len(log.pair_query))
    liked = np.bincount(log.pair, log.clicked, len(log.pair_query))
    return ClickEstimate(examination, np.minimum(shrunk(liked, looks, PRIOR), 1.0), looks)


def expected(log: ClickLog, position_bias: float) -> ClickEstimate:
    """Examination as assumed, `looked_at(place, position_bias)`; attraction is the gain of a look, 0 to HIGHEST, not shrunk."""
    looks = np.bincount(log.pair, looked_at(log.place, position_bias), len(log.pair_query))
    gains = np.bincount(log.pair, log.gain, len(log.pair_query))
    return ClickEstimate(looked_at(np.arange(1, log.depth + 1), position_bias), gain_of_a_look(gains, looks), looks)


def looked_at(place: np.ndarray, position_bias: float) -> np.ndarray:
    """place^-position_bias: how often a place is looked at; places from 1, exponent >= 0."""
    return np.asarray(place, float) ** -position_bias


def gain_of_a_look(gains: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """gains / looks of any shape, at most HIGHEST (more than a purchase by each who looks is no measurement); 0 without looks."""
    found = np.zeros(gains.shape, np.result_type(gains, np.float32))
    return np.minimum(np.divide(gains, looks, out=found, where=looks > 0), HIGHEST)
