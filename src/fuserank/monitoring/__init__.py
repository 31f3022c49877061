"""Has the shop changed since the model was trained? Tables and embeddings of a current batch against those of the reference.

    side (tables + embeddings) ─► comparable columns ─► distances by Evidently ─► thresholds from no-drift resamples ─► verdict

A threshold is what two random halves of the reference show among themselves, so two halves of one batch give no alarm.
"""

from fuserank.monitoring.drift import judge, monitor
from fuserank.monitoring.side import Side
from fuserank.monitoring.verdict import ColumnDrift, MissingChange, ModalityDrift, Verdict

__all__ = ["ColumnDrift", "MissingChange", "ModalityDrift", "Side", "Verdict", "judge", "monitor"]
