"""The comparison of two sides, read top to bottom."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.errors import TooFewError
from fuserank.monitoring.comparing import FEWEST, Compared, Comparison
from fuserank.monitoring.evidently_report import write_report
from fuserank.monitoring.quality import Shown, conclude_quality, measure_quality, too_few
from fuserank.monitoring.side import Side
from fuserank.monitoring.verdict import LACKING, OF, ColumnDrift, MissingChange, ModalityDrift, Verdict, conclude

EVIDENTLY = "evidently.html"


def monitor(reference: Side, current: Side, *, out: Path, **knobs: Any) -> Verdict:
    """`judge`, and write the verdict as ``drift.json`` and ``drift.html`` beside ``evidently.html``.

    Args:
        reference, current, knobs: as of `judge`.
        out: folder of the files.

    Raises:
        TooFewError: no kind of rows has enough of them on both sides.
    """
    verdict = judge(reference, current, html=out / EVIDENTLY, **knobs)
    verdict.write(out, links=[("Evidently's own page", EVIDENTLY)])
    return verdict


def judge(
    reference: Side,
    current: Side,
    *,
    feedback: tuple[Shown, Shown] | None = None,
    html: Path | None = None,
    column_share: float = 0.05,
    alpha: float = 0.05,
    position_bias: float = 1.0,
    sample: int = 2000,
    dealings: int = 999,
    seed: int = 0,
) -> Verdict:
    """Compare a current side with the reference.

    Args:
        reference: what the model was trained on.
        current: what comes in now.
        feedback: what was shown and clicked earlier and now; None: quality is not compared.
        html: where Evidently's report on the first kind of rows goes; None: it is not made.
        column_share: share of drifting columns that makes a table drift, 0..1.
        alpha: false-alarm level of the whole comparison (Bonferroni over all parts), 0..1.
        position_bias: see `fuserank.monitoring.quality`.
        sample: rows drawn from each side at most.
        dealings: random dealings that thresholds come from; more are made where alpha and the number of parts ask for it.
        seed: of the draws.

    Raises:
        TooFewError: no kind of rows has enough of them on both sides.
    """
    rng = np.random.default_rng(seed)
    kinds, notes = _kinds(reference, current)
    quality_note = too_few(*feedback) if feedback else ""
    with_quality = feedback is not None and not quality_note
    if not kinds and not with_quality:
        raise TooFewError(
            "; ".join(notes) or f"{reference.name} and {current.name} have nothing in common",
            allowed=f"at least {FEWEST} of a kind on each side",
            todo="wait for more, or compare a larger batch or a longer time",
        )
    comparisons = [Comparison(k, reference.kinds[k], current.kinds[k], sample=sample, rng=rng) for k in kinds]
    parts = sum(comparison.parts for comparison in comparisons) + with_quality
    count, level = max(dealings, math.ceil(parts / alpha)), alpha / max(1, parts)
    found = [part for comparison in comparisons for part in comparison.measure(count)]
    quality = None
    if feedback is not None and with_quality:
        measured = measure_quality(*feedback, position_bias=position_bias, count=count, rng=rng)
        quality = conclude_quality(measured, level, *feedback)
    columns = [_column(part, level) for part in found if part.part == "column"]
    modalities = [_embedding(part, level) for part in found if part.part == "embedding"]
    missing = [_missing(part, level) for part in found if part.part == "missing"]
    if html is not None and comparisons:
        _write_evidently(comparisons[0], columns, html)
    drift, reason = conclude(columns, modalities, missing, quality, column_share=column_share)
    sides = {"reference": reference, "current": current}
    return Verdict(
        drift=drift,
        reason=reason,
        reference=reference.name,
        current=current.name,
        sizes={name: {kind: len(rows) for kind, rows in side.kinds.items()} for name, side in sides.items()},
        columns=tuple(columns),
        modalities=tuple(modalities),
        missing=tuple(missing),
        seed=seed,
        quality=quality,
        notes=(*notes, *([f"quality: {quality_note}"] if quality_note else [])),
    )


def _kinds(reference: Side, current: Side) -> tuple[list[str], list[str]]:
    """Kinds that can be compared, and in words what cannot."""
    kinds, notes = [], [f"{kind}: {why}" for side in (reference, current) for kind, why in side.notes.items()]
    for kind in reference.kinds:
        if kind in current.kinds:
            before, now = len(reference.kinds[kind]), len(current.kinds[kind])
            if min(before, now) >= FEWEST:
                kinds.append(kind)
            else:
                notes.append(f"{kind}: {before} in {reference.name}, {now} in {current.name}; {FEWEST} are needed on each side")
    return kinds, notes


def _column(part: Compared, level: float) -> ColumnDrift:
    assert part.dealt is not None  # columns with too few values are no parts
    value, threshold = part.dealt.statistic, part.dealt.threshold(level)
    return ColumnDrift(part.table, part.name, part.method, value, threshold, value > threshold, part.dealt.p)


def _embedding(part: Compared, level: float) -> ModalityDrift:
    of = OF[part.kind]
    if part.dealt is None:
        return ModalityDrift(of, part.name, None, None, False, None, part.n, part.note)
    value, threshold = part.dealt.statistic, part.dealt.threshold(level)
    return ModalityDrift(of, part.name, value, threshold, value > threshold, part.dealt.p, part.n)


def _missing(part: Compared, level: float) -> MissingChange:
    assert part.dealt is not None  # shares are compared whenever rows are
    threshold = part.dealt.threshold(level)
    return MissingChange(LACKING[part.kind], part.name, *part.levels, threshold, part.dealt.statistic > threshold, part.dealt.p)


def _write_evidently(comparison: Comparison, columns: list[ColumnDrift], path: Path) -> None:
    """The first table as Evidently shows it, with the same distances and thresholds."""
    table, kinds = next(iter(comparison.kinds.items()))
    limits = {column.column: column.threshold for column in columns if column.table == table}
    if kinds:
        write_report(comparison.frames[0][table], comparison.frames[1][table], kinds, limits, path)
