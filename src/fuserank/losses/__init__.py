"""Losses over slates. To add one: a file here and an entry in LOSSES."""

from __future__ import annotations

from fuserank.losses.base import Loss
from fuserank.losses.bce import bce
from fuserank.losses.lambdaloss import lambdaloss
from fuserank.losses.listnet import listnet
from fuserank.losses.ranknet import ranknet
from fuserank.losses.softmax import softmax_cross_entropy
from fuserank.plugins import PluginTable

LOSSES: PluginTable[Loss] = PluginTable(
    "loss",
    {
        "bce": bce,
        "ranknet": ranknet,
        "listnet": listnet,
        "softmax": softmax_cross_entropy,
        "lambdaloss": lambdaloss,
    },
)
