"""Click models: what shoppers like, told apart from where it stood. To add one: a file here and an entry in CLICK_MODELS."""

from __future__ import annotations

from collections.abc import Callable

from fuserank.click_models.cascade import cascade
from fuserank.click_models.click_log import GAINS, ClickLog
from fuserank.click_models.coec import coec
from fuserank.click_models.estimate import ClickEstimate
from fuserank.click_models.pbm import position_based
from fuserank.click_models.pbm_em import position_based_em
from fuserank.plugins import PluginTable

__all__ = ["CLICK_MODELS", "GAINS", "ClickEstimate", "ClickLog", "ClickModel"]

ClickModel = Callable[[ClickLog], ClickEstimate]

CLICK_MODELS: PluginTable[ClickModel] = PluginTable(
    "click model", {"pbm": position_based, "pbm_em": position_based_em, "cascade": cascade, "coec": coec}
)
