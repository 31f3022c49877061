"""Fusions: M modality vectors become one. To add one: a file here and an entry in FUSIONS."""

from __future__ import annotations

from fuserank.fusion.attention import AttentionFusion
from fuserank.fusion.base import Fusion
from fuserank.fusion.bilinear import BilinearFusion
from fuserank.fusion.concat import ConcatFusion
from fuserank.fusion.gated import GatedFusion
from fuserank.fusion.sum import SumFusion
from fuserank.fusion.transformer import TransformerFusion
from fuserank.plugins import PluginTable

FUSIONS: PluginTable[type[Fusion]] = PluginTable(
    "fusion",
    {
        "sum": SumFusion,
        "concat": ConcatFusion,
        "attention": AttentionFusion,
        "gated": GatedFusion,
        "transformer": TransformerFusion,
        "bilinear": BilinearFusion,
    },
)
