"""Have the columns of the tables moved? Distances by Evidently against what two halves of the reference show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fuserank.monitoring.calibration import halves, threshold
from fuserank.monitoring.columns import comparable
from fuserank.monitoring.evidently_report import METHODS, column_distances, write_report
from fuserank.monitoring.verdict import ColumnDrift

if TYPE_CHECKING:
    import pandas as pd

MIN_VALUES = 25  # in half of the reference, and in current
DISTANCE_FLOOR = 0.1  # Evidently's own threshold for both distances


def compare_columns(
    reference: dict[str, pd.DataFrame],
    current: dict[str, pd.DataFrame],
    *,
    alpha: float,
    other_parts: int,
    sample: int,
    resamples: int,
    rng: np.random.Generator,
    html: Path | None,
) -> list[ColumnDrift]:
    """Drift of every column that varies and has values on both sides.

    Args:
        reference, current: the sides' canonical tables by name.
        alpha: false-alarm level of the whole comparison.
        other_parts: number of comparisons made beside the columns.
        sample: rows drawn from each side at most.
        resamples: no-drift comparisons that thresholds are calibrated on.
        rng: where the draws come from.
        html: where Evidently's report on the first table goes; None: it is not made.
    """
    before, now = comparable(reference, reference), comparable(current, reference)
    kinds = {table: _kinds(before[table], now[table]) for table in before if table in now}
    level = alpha / max(1, sum(map(len, kinds.values())) + other_parts)
    found = []
    for table, of_table in kinds.items():
        n = min(sample, len(before[table]) // 2, len(now[table]))
        if n < MIN_VALUES or not of_table:
            continue
        old = before[table].iloc[rng.permutation(len(before[table]))[: 2 * n]]
        new = now[table].iloc[rng.permutation(len(now[table]))[:n]]
        pairs = halves(2 * n, n, resamples=resamples, rng=rng)
        no_drift = [column_distances(old.iloc[one], old.iloc[other], of_table) for one, other in pairs]
        limits = {c: _limit([distances[c] for distances in no_drift], alpha=level) for c in of_table}
        distances = column_distances(old.iloc[:n], new, of_table)
        if html and table == next(iter(reference)):
            write_report(old.iloc[:n], new, of_table, limits, html)
        found += [
            ColumnDrift(table, c, METHODS[kind], distances[c], limits[c], distances[c] > limits[c]) for c, kind in of_table.items()
        ]
    return found


def _kinds(before: pd.DataFrame, now: pd.DataFrame) -> dict[str, str]:
    """column -> ``"number"`` or ``"category"`` of the columns that vary and have enough values on both sides."""
    kinds = {}
    for column in before:
        enough = before[column].count() >= 2 * MIN_VALUES and now[column].count() >= MIN_VALUES
        if enough and len(set(before[column].dropna().unique()) | set(now[column].dropna().unique())) > 1:
            kinds[str(column)] = "number" if before[column].dtype == "float64" else "category"
    return kinds


def _limit(no_drift: list[float], *, alpha: float) -> float:
    """The threshold of a distance, found on its square root: no-drift distances are skewed to the right, their roots hardly are."""
    return threshold(np.sqrt(no_drift).tolist(), alpha=alpha, floor=float(np.sqrt(DISTANCE_FLOOR))) ** 2
