"""Scorers: a slate of fused candidates gets one number each. To add one: a file here and an entry in SCORERS."""

from __future__ import annotations

from fuserank.plugins import PluginTable
from fuserank.scorers.attention import AttentionScorer
from fuserank.scorers.attention_sequence import AttentionSequenceScorer
from fuserank.scorers.base import Scorer
from fuserank.scorers.lstm import LSTMScorer
from fuserank.scorers.sequence import SequenceScorer

SCORERS: PluginTable[type[Scorer]] = PluginTable(
    "scorer",
    {
        "sequence": SequenceScorer,
        "lstm": LSTMScorer,
        "attention": AttentionScorer,
        "attention_sequence": AttentionSequenceScorer,
    },
)
