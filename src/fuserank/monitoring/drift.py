"""The comparison of two sides, read top to bottom."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fuserank.errors import InputError
from fuserank.monitoring.column_drift import MIN_VALUES, compare_columns
from fuserank.monitoring.embedding_drift import compare_embeddings
from fuserank.monitoring.side import Side
from fuserank.monitoring.verdict import MissingChange, Verdict, conclude

MISSING_FLOOR = 0.05
FEWEST = 2 * MIN_VALUES  # products on a side


def monitor(
    reference: Side,
    current: Side,
    *,
    out: Path,
    column_share: float = 0.3,
    alpha: float = 0.05,
    sample: int = 2000,
    resamples: int = 20,
    seed: int = 0,
) -> Verdict:
    """Compare a current batch with the reference and write the verdict.

    Args:
        reference: what the model was trained on.
        current: what comes in now.
        out: folder for ``drift.json``, ``drift.html`` and ``evidently.html``.
        column_share: share of drifting columns that makes a table drift, 0..1.
        alpha: false-alarm level of the whole comparison that thresholds are calibrated to (Bonferroni over all parts).
        sample: rows drawn from each side at most.
        resamples: no-drift comparisons that a threshold is calibrated on, >= 2.
        seed: of the draws.

    Raises:
        InputError: too few products on a side to compare anything.
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
        html=out / "evidently.html",
    )
    level = alpha / (len(columns) + parts)
    embeddings = reference.embeddings, current.embeddings
    modalities = compare_embeddings(*embeddings, alpha=level, sample=sample, resamples=resamples, rng=rng)
    missing = _compare_missing(reference, current, alpha=level)
    drift, reason = conclude(columns, modalities, missing, column_share=column_share)
    sides = {"reference": reference, "current": current}
    verdict = Verdict(
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
    verdict.write(out)
    return verdict


def _refuse_few(side: Side) -> None:
    rows = len(side.tables.get("products", ()))
    if rows < FEWEST:
        raise InputError(
            f"{rows} products in {side.name!r}",
            allowed=f"at least {FEWEST} products on each side",
            todo="wait for more products or compare a larger batch",
        )


def _compare_missing(reference: Side, current: Side, *, alpha: float) -> list[MissingChange]:
    """Two-proportion z test per modality, one-sided per direction, never below MISSING_FLOOR."""
    from scipy.stats import norm

    n, m = len(reference.tables["products"]), len(current.tables["products"])
    changes = []
    for modality, before in reference.missing.items():
        now = current.missing.get(modality, 1.0)
        pooled = (n * before + m * now) / (n + m)
        chance = float(norm.ppf(1 - alpha / 2) * np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))
        threshold = max(MISSING_FLOOR, chance)
        changes.append(MissingChange(modality, before, now, threshold, abs(now - before) > threshold))
    return changes
