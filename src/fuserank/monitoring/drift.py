"""The comparison of two sides, read top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fuserank.errors import InputError
from fuserank.monitoring.column_drift import MIN_VALUES, compare_columns
from fuserank.monitoring.embedding_drift import compare_embeddings
from fuserank.monitoring.side import Side
from fuserank.monitoring.verdict import MissingChange, Verdict, conclude

MISSING_FLOOR = 0.05
FEWEST = 2 * MIN_VALUES  # rows on a side


def monitor(reference: Side, current: Side, *, out: Path, **knobs: Any) -> Verdict:
    """`judge`, and write the verdict as ``drift.json`` and ``drift.html`` beside ``evidently.html``.

    Args:
        reference, current, knobs: as of `judge`.
        out: folder of the files.

    Raises:
        InputError: too few rows on a side to compare anything.
    """
    verdict = judge(reference, current, html=out / "evidently.html", **knobs)
    verdict.write(out)
    return verdict


def judge(
    reference: Side,
    current: Side,
    *,
    html: Path | None = None,
    column_share: float = 0.3,
    alpha: float = 0.05,
    sample: int = 2000,
    resamples: int = 20,
    seed: int = 0,
) -> Verdict:
    """Compare a current batch with the reference.

    Args:
        reference: what the model was trained on.
        current: what comes in now; of the same kind.
        html: where Evidently's report goes; None: it is not made.
        column_share: share of drifting columns that makes a table drift, 0..1.
        alpha: false-alarm level of the whole comparison that thresholds are calibrated to (Bonferroni over all parts).
        sample: rows drawn from each side at most.
        resamples: no-drift comparisons that a threshold is calibrated on, >= 2.
        seed: of the draws.

    Raises:
        InputError: too few rows on a side to compare anything.
    """
    for side in (reference, current):
        _refuse_few(side)
    rng = np.random.default_rng(seed)
    parts = len(reference.embeddings) + len(reference.missing)
    columns = compare_columns(
        reference.tables,
        current.tables,
        alpha=alpha,
        other_parts=parts,
        sample=sample,
        resamples=resamples,
        rng=rng,
        html=html,
    )
    level = alpha / max(1, len(columns) + parts)
    embeddings = reference.embeddings, current.embeddings
    modalities = compare_embeddings(*embeddings, alpha=level, sample=sample, resamples=resamples, rng=rng)
    missing = _compare_missing(reference, current, alpha=level)
    drift, reason = conclude(columns, modalities, missing, column_share=column_share)
    sides = {"reference": reference, "current": current}
    return Verdict(
        drift=drift,
        reason=reason,
        reference=reference.name,
        current=current.name,
        sizes={name: {table: len(rows) for table, rows in side.tables.items()} for name, side in sides.items()},
        columns=tuple(columns),
        modalities=tuple(modalities),
        missing=tuple(missing),
        seed=seed,
    )


def _refuse_few(side: Side) -> None:
    if side.rows < FEWEST:
        raise InputError(
            f"{side.rows} {side.kind} in {side.name!r}",
            allowed=f"at least {FEWEST} {side.kind} on each side",
            todo=f"wait for more {side.kind} or compare a larger batch",
        )


def _compare_missing(reference: Side, current: Side, *, alpha: float) -> list[MissingChange]:
    """Two-proportion z test per modality, one-sided per direction, never below MISSING_FLOOR."""
    from scipy.stats import norm

    n, m = (len(side.tables.get("answers", side.tables[side.kind])) for side in (reference, current))
    changes = []
    for modality, before in reference.missing.items():
        now = current.missing.get(modality, 1.0)
        pooled = (n * before + m * now) / (n + m)
        chance = float(norm.ppf(1 - alpha / 2) * np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))
        threshold = max(MISSING_FLOOR, chance)
        changes.append(MissingChange(modality, before, now, threshold, abs(now - before) > threshold))
    return changes
