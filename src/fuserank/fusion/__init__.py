"""Fusions: M modality vectors become one. To add one: a file here and an entry in FUSIONS."""

from __future__ import annotations

from fuserank.fusion.attention import AttentionFusion
from fuserank.fusion.base import Fusion
from fuserank.fusion.concat import ConcatFusion
from fuserank.fusion.sum import SumFusion
from fuserank.plugins import PluginTable

FUSIONS: PluginTable[type[Fusion]] = PluginTable(
    "fusion",
    {
        "sum": SumFusion,
        "concat": ConcatFusion,
        "attention": AttentionFusion,
    },
)
