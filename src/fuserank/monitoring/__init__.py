"""Has the shop changed since the model was trained? What comes in now against what it was trained on.

    side (rows of each kind: tables, embeddings, shares) ─► distances, as they came and under random dealings ─► verdict ─► history

A threshold is what random dealings of the same rows show, so two halves of one batch give no alarm.
"""

from fuserank.monitoring.drift import judge, monitor
from fuserank.monitoring.quality import Shown
from fuserank.monitoring.side import Rows, Side
from fuserank.monitoring.verdict import ColumnDrift, MissingChange, ModalityDrift, QualityChange, Verdict

__all__ = [
    "ColumnDrift",
    "MissingChange",
    "ModalityDrift",
    "QualityChange",
    "Rows",
    "Shown",
    "Side",
    "Verdict",
    "judge",
    "monitor",
]
