"""What monitoring concludes, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fuserank.files import write_file
from fuserank.monitoring.feedback import QualityChange
from fuserank.pages import render


@dataclass(frozen=True)
class ColumnDrift:
    """One column.

    Attributes:
        table: ``"products"`` or ``"queries"``.
        column: e.g. ``"price_log"``, made from the canonical columns.
        method: Evidently's name of the distance: ``"wasserstein"`` (numbers; in standard deviations of the reference) or
            ``"jensenshannon"`` (categories; 0 to 0.83).
        statistic: the distance between reference and current, >= 0.
        threshold: what it may reach without drift.
        drift: it is above the threshold.
    """

    table: str
    column: str
    method: str
    statistic: float
    threshold: float
    drift: bool


@dataclass(frozen=True)
class ModalityDrift:
    """The embeddings of one modality.

    Attributes:
        modality: its name.
        score: ROC AUC of a classifier that tells reference from current (0.5: it cannot); None when not compared.
        threshold: what it may reach without drift; None when not compared.
        drift: the score is above the threshold.
        n: vectors compared on each side.
        note: why it was not compared, "" when it was.
    """

    modality: str
    score: float | None
    threshold: float | None
    drift: bool
    n: int
    note: str = ""


@dataclass(frozen=True)
class MissingChange:
    """Share of products without a modality, 0..1, on both sides; `drift` when the two differ by more than `threshold`."""

    modality: str
    reference: float
    current: float
    threshold: float
    drift: bool


@dataclass(frozen=True)
class Verdict:
    """Has the current batch drifted from the reference?

    Attributes:
        drift: a table, a modality or a missing share has drifted.
        reason: why, in words.
        reference, current: names of the sides.
        sizes: side -> table -> rows.
        columns, modalities, missing: the parts.
        seed: of the resamples; the same input and seed give the same verdict.
        quality: of traffic alone: what feedback says.
        notes: what was not compared, and why.
    """

    drift: bool
    reason: str
    reference: str
    current: str
    sizes: dict[str, dict[str, int]]
    columns: tuple[ColumnDrift, ...]
    modalities: tuple[ModalityDrift, ...]
    missing: tuple[MissingChange, ...]
    seed: int
    quality: QualityChange | None = None
    notes: tuple[str, ...] = ()

    def write(self, out: Path) -> None:
        """Write ``drift.json`` and ``drift.html`` into `out`, each atomically."""
        write_file(out / "drift.json", json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        write_file(out / "drift.html", render("drift.html", verdict=self))


def together(
    reference: str, current: str, verdicts: Sequence[Verdict], quality: QualityChange | None, notes: Sequence[str]
) -> Verdict:
    """One verdict of those on parts, of which there may be none, and of what feedback says.

    Args:
        reference, current: names of the sides.
        notes: what was not judged, and why.
    """
    reasons = [verdict.reason for verdict in verdicts if verdict.drift]
    if quality is not None and quality.drift:
        reasons.append(f"quality from feedback fell from {quality.reference:.3f} to {quality.current:.3f} (p {quality.p:.4f})")
    calm = [verdict.reason for verdict in verdicts][:1] or [f"nothing could be judged: {'; '.join(notes)}"]
    sides = ("reference", "current")
    return Verdict(
        drift=bool(reasons),
        reason="; ".join(reasons or calm),
        reference=reference,
        current=current,
        sizes={side: {t: n for verdict in verdicts for t, n in verdict.sizes[side].items()} for side in sides},
        columns=tuple(column for verdict in verdicts for column in verdict.columns),
        modalities=tuple(modality for verdict in verdicts for modality in verdict.modalities),
        missing=tuple(change for verdict in verdicts for change in verdict.missing),
        seed=verdicts[0].seed if verdicts else 0,
        quality=quality,
        notes=tuple(notes),
    )


def conclude(
    columns: list[ColumnDrift], modalities: list[ModalityDrift], missing: list[MissingChange], *, column_share: float
) -> tuple[bool, str]:
    """Weigh the parts.

    Args:
        columns, modalities, missing: the parts.
        column_share: a table drifts when at least this share of its columns does, 0..1.

    Returns:
        Whether there is drift, and the reason in words.
    """
    reasons: list[str] = []
    asides: list[str] = []
    for table in dict.fromkeys(column.table for column in columns):
        of_table = [column for column in columns if column.table == table]
        drifting = [column.column for column in of_table if column.drift]
        said = f"{table}: {len(drifting)} of {len(of_table)} columns drift ({', '.join(drifting)})"
        if drifting:
            (reasons if len(drifting) >= column_share * len(of_table) else asides).append(said)
    reasons += [f"{m.modality} embeddings can be told apart (AUC {m.score:.2f} > {m.threshold:.2f})" for m in modalities if m.drift]
    for change in missing:
        if change.drift and change.current == 1.0:
            reasons.append(f"{change.modality} is missing entirely in the current batch")
        elif change.drift:
            reasons.append(
                f"{change.modality} is missing in {change.current:.0%} of the products instead of {change.reference:.0%}"
            )
    words = "; ".join(reasons) or "reference and current differ no more than two halves of the reference do"
    return bool(reasons), words + (f"; below the share that counts: {'; '.join(asides)}" if asides else "")
