"""Losses over slates. To add one: a file here and an entry in LOSSES."""

from __future__ import annotations

from fuserank.losses.approx_ndcg import approx_ndcg
from fuserank.losses.base import Loss
from fuserank.losses.bce import bce
from fuserank.losses.lambdaloss import lambdaloss
from fuserank.losses.listmle import listmle, p_listmle
from fuserank.losses.listnet import listnet
from fuserank.losses.neural_ndcg import neural_ndcg
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
        "listmle": listmle,
        "p_listmle": p_listmle,
        "approx_ndcg": approx_ndcg,
        "neural_ndcg": neural_ndcg,
    },
)
