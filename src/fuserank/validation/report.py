"""What a validation found, and how it is written down."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.errors import ValidationError
from fuserank.files import write_file
from fuserank.pages import render

SHOWN_IDS = 20
Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class RuleResult:
    """One rule on one table.

    Attributes:
        table: ``"products"``, ``"queries"``, ``"judgments"``, ``"interactions"``, ``"media"`` or ``"dataset"``.
        rule: the expectation, in words.
        severity: a broken critical rule stops the chain, a broken warning does not.
        ok: the rule holds.
        checked: rows that the rule looked at (rows without the value it speaks of are left out).
        failed: rows that break it.
        ids: the first SHOWN_IDS of these rows, by id (``query_id · product_id`` where the key has two columns).
        observed: what came instead, in words; "" when the ids say enough.
    """

    table: str
    rule: str
    severity: Severity
    ok: bool
    checked: int
    failed: int
    ids: tuple[str, ...] = ()
    observed: str = ""


@dataclass(frozen=True)
class ValidationReport:
    """All results of one dataset.

    Attributes:
        dataset: the manifest's name.
        data_version: sha256 of the dataset folder.
        results: every rule that was looked at.
        quarantine: media hash -> reason code, one of `fuserank.types.QUARANTINE_REASONS`.
        masked_rows: products and queries that lose a picture or a sound to the quarantine.
        rows: table -> number of rows (media: of items).
    """

    dataset: str
    data_version: str
    results: tuple[RuleResult, ...]
    quarantine: dict[str, str]
    masked_rows: int
    rows: dict[str, int]

    @property
    def ok(self) -> bool:
        """No critical rule is broken."""
        return not self.broken("critical")

    def broken(self, severity: Severity) -> list[RuleResult]:
        """The broken rules of this severity."""
        return [result for result in self.results if not result.ok and result.severity == severity]

    def raise_for_critical(self) -> None:
        """Stop the chain if a critical rule is broken.

        Raises:
            ValidationError: names the first broken rule and its ids, and says how many more are broken.
        """
        broken = self.broken("critical")
        if not broken:
            return
        first = broken[0]
        count = f" ({first.failed} of {first.checked} rows do not)" if first.failed else ""
        more = f"; {len(broken) - 1} more critical rules are broken" if len(broken) > 1 else ""
        raise ValidationError(
            f"{first.table}: {first.rule}{count}",
            list(first.ids) or [first.observed][: bool(first.observed)],
            todo=f"correct these rows and import again, validation.html lists them all{more}",
        )

    def write(self, out: Path) -> None:
        """Write ``validation.json``, ``validation.html`` and ``quarantine.parquet`` (hash, reason) into `out`, each atomically."""
        data = {"ok": self.ok, **asdict(self)}
        write_file(out / "validation.json", json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        write_file(out / "validation.html", render("validation.html", report=self))
        columns = {"hash": list(self.quarantine), "reason": list(self.quarantine.values())}
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns, schema=pa.schema([("hash", pa.string()), ("reason", pa.string())])), buffer)
        write_file(out / "quarantine.parquet", buffer.getvalue())
