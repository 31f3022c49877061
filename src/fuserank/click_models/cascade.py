"""Cascade model (Craswell, Zoeter, Taylor & Ramsey 2008, WSDM, "An experimental comparison of click position-bias models").

A shopper goes down the list, and leaves with the first click. So all places down to the first click were looked at, and none below;
without a click all were. Attraction is clicks per look in closed form. What is clicked after the first click is not read.
"""

from __future__ import annotations

import numpy as np

from fuserank.click_models.click_log import ClickLog
from fuserank.click_models.estimate import PRIOR, ClickEstimate, need_clicks, shrunk


def cascade(log: ClickLog) -> ClickEstimate:
    """Examination of a place is the share of the lists as long as that whose shopper came so far.

    Raises:
        TooFewError: no click.
    """
    need_clicks(log)
    last = np.full(log.lists, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(last, log.row[log.clicked], log.place[log.clicked])
    seen = log.place <= last[log.row]
    first = log.clicked & (log.place == last[log.row])
    shown = np.bincount(log.place - 1, minlength=log.depth)
    came = np.bincount(log.place - 1, seen, log.depth)
    examination = np.divide(came, shown, out=np.zeros(log.depth), where=shown > 0)
    looks = np.bincount(log.pair, seen, len(log.pair_query))
    liked = np.bincount(log.pair, first, len(log.pair_query))
    return ClickEstimate(examination, shrunk(liked, looks, PRIOR), looks)
