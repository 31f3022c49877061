"""What monitoring concludes, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fuserank.files import write_file
from fuserank.pages import render

JSON, PAGE = "drift.json", "drift.html"
OF = {"products": "products", "queries": "queries", "requests": "queries"}  # kind of rows -> whose embeddings they have
LACKING = {"products": "products", "requests": "candidates"}  # kind of rows -> what may lack a modality


@dataclass(frozen=True)
class ColumnDrift:
    """One column.

    Attributes:
        table: ``"products"``, ``"queries"`` or ``"answers"``.
        column: e.g. ``"price_log"``, made from the canonical columns.
        method: Evidently's name of the distance: ``"wasserstein"`` (numbers; in standard deviations of the reference) or
            ``"jensenshannon"`` (categories; 0 to 0.83).
        statistic: the distance between reference and current, >= 0.
        threshold: what it may reach without drift.
        drift: it is above the threshold.
        p: probability of such a distance without drift.
    """

    table: str
    column: str
    method: str
    statistic: float
    threshold: float
    drift: bool
    p: float


@dataclass(frozen=True)
class ModalityDrift:
    """The embeddings of one modality.

    Attributes:
        of: ``"products"`` or ``"queries"``.
        modality: its name.
        score: ROC AUC of a linear classifier that tells reference from current (0.5: it cannot); None when not compared.
        threshold: what it may reach without drift; None when not compared.
        drift: the score is above the threshold.
        p: probability of such a score without drift; None when not compared.
        n: vectors of reference and current.
        note: why it was not compared, "" when it was.
    """

    of: str
    modality: str
    score: float | None
    threshold: float | None
    drift: bool
    p: float | None
    n: tuple[int, int]
    note: str = ""


@dataclass(frozen=True)
class MissingChange:
    """Share without a modality, 0..1, on both sides; `drift` when the two differ by more than `threshold`.

    `of` is ``"products"`` or ``"candidates"``, the latter weighted by how many a request had; `p` as of columns.
    """

    of: str
    modality: str
    reference: float
    current: float
    threshold: float
    drift: bool
    p: float


@dataclass(frozen=True)
class QualityChange:
    """nDCG@10 by what shoppers did, corrected for position.

    Attributes:
        reference, current: the values, 0..1, earlier and now.
        threshold: by how much it may fall without drift.
        p: of such a fall, and such a fall of `first`, by chance.
        first: share of answers whose first product something was done with, earlier and now.
        answers: how many, earlier and now.
        drift: both have fallen by more than chance explains.
    """

    reference: float
    current: float
    threshold: float
    p: float
    first: tuple[float, float]
    answers: tuple[int, int]
    drift: bool


@dataclass(frozen=True)
class Verdict:
    """Has the current side drifted from the reference?

    Attributes:
        drift: a table, a modality, a missing share or quality has drifted.
        reason: why, in words.
        reference, current: names of the sides.
        sizes: side -> kind -> rows.
        columns, modalities, missing: the parts.
        seed: of the dealings; the same input and seed give the same verdict.
        quality: from feedback; None: not compared.
        notes: what was not compared, and why.
        id: of a verdict on traffic the time when it was made, which names it; "" for one on a batch.
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
    id: str = ""

    def write(self, out: Path, *, links: Sequence[tuple[str, str]] = ()) -> None:
        """Write ``drift.json`` and ``drift.html`` into `out`, each atomically.

        Args:
            links: words and address of pages beside it, for the reader.
        """
        write_file(out / JSON, json.dumps(asdict(self), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        write_file(out / PAGE, render(PAGE, verdict=self, links=links))


def conclude(
    columns: Sequence[ColumnDrift],
    modalities: Sequence[ModalityDrift],
    missing: Sequence[MissingChange],
    quality: QualityChange | None = None,
    *,
    column_share: float,
) -> tuple[bool, str]:
    """Weigh the parts.

    Args:
        columns, modalities, missing, quality: the parts.
        column_share: a table drifts when at least this share of its columns does, 0..1.

    Returns:
        Whether there is drift, and the reason in words.
    """
    reasons: list[str] = []
    asides: list[str] = []
    if quality and quality.drift:
        reasons.append(f"quality from feedback fell (nDCG@10 {quality.reference:.2f} to {quality.current:.2f})")
    for table in dict.fromkeys(column.table for column in columns):
        of_table = [column for column in columns if column.table == table]
        drifting = [column.column for column in of_table if column.drift]
        said = f"{table}: {len(drifting)} of {len(of_table)} columns drift ({', '.join(drifting)})"
        if drifting:
            (reasons if len(drifting) >= column_share * len(of_table) else asides).append(said)
    reasons += [
        f"{m.modality} embeddings of {m.of} can be told apart (AUC {m.score:.2f} > {m.threshold:.2f})"
        for m in modalities
        if m.drift
    ]
    reasons += [_missing(change) for change in missing if change.drift]
    words = "; ".join(reasons) or "reference and current differ no more than chance explains"
    return bool(reasons), words + (f"; below the share that counts: {'; '.join(asides)}" if asides else "")


def _missing(change: MissingChange) -> str:
    if change.current == 1.0:
        return f"no {change.of} have {change.modality} now"
    return f"{change.modality} is missing in {change.current:.0%} of the {change.of} instead of {change.reference:.0%}"
