"""One frozen tree of settings: arguments > environment FUSERANK_* > [tool.fuserank] in pyproject.toml > defaults.

Settings are read at the door only (flows, command line, service); classes below take plain keywords.
"""

from __future__ import annotations

from fuserank.settings.operations import OperationsSettings, RetrainingSettings
from fuserank.settings.search import Span, TuningSettings
from fuserank.settings.sections import (
    EncoderSettings,
    EvaluationSettings,
    FeatureSettings,
    FinetuningSettings,
    GateSettings,
    MediaSettings,
    MonitoringSettings,
    ScaleSettings,
    ServingSettings,
    TrainingSettings,
)
from fuserank.settings.tree import Settings, load_settings

__all__ = [
    "EncoderSettings",
    "EvaluationSettings",
    "FeatureSettings",
    "FinetuningSettings",
    "GateSettings",
    "MediaSettings",
    "MonitoringSettings",
    "OperationsSettings",
    "RetrainingSettings",
    "ScaleSettings",
    "ServingSettings",
    "Settings",
    "Span",
    "TrainingSettings",
    "TuningSettings",
    "load_settings",
]
