"""What monitoring reads of a service's log: the champion's answers in a span of time, and what shoppers did before and in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuserank.click_models.from_service import Asked, acts_of
from fuserank.inference_log import SCHEMAS, is_sampled, iter_log
from fuserank.monitoring import Shown
from fuserank.monitoring.quality import DEPTH
from fuserank.monitoring.traffic import READ

ANSWERS = 5000  # of each side whose clicks are compared
CLICKED = (
    "request_id", "time", "model_version", "role", "text", "locale", "user", "session_id", "has_text", "has_image", "has_audio",
    "product_ids",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """Answers of one model that shoppers saw, in a span of time.

    Attributes:
        log: folder of an `InferenceLog`.
        version: of the model.
        since, until: answers of this time and later, and before this time; None: from the first.
    """

    log: Path
    version: str
    since: datetime | None
    until: datetime

    def batches(self, columns: tuple[str, ...], broken: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, with `columns`, among which are model_version and role; names of damaged segments go into `broken`."""
        found = iter_log(self.log, "rankings", on_broken=broken.append, since=self.since, until=self.until, columns=columns)
        for batch in found:
            yield batch.filter(pc.and_(pc.equal(batch["model_version"], self.version), pc.not_equal(batch["role"], "shadow")))

    def rows(self) -> int:
        """How many there are."""
        return sum(batch.num_rows for batch in self.batches(("model_version", "role"), []))

    def drawn(self, sample: int) -> tuple[pa.Table, list[str]]:
        """At most about `sample` of them, by a hash of the request, with what is compared; and names of damaged segments."""
        share = min(1.0, sample / max(1, self.rows()))
        broken: list[str] = []
        schema = pa.schema([SCHEMAS["rankings"].field(name) for name in READ])
        kept = [batch.filter(_sampled(batch, share)) for batch in self.batches(READ, broken)]
        return pa.Table.from_batches(kept, schema), broken


def clicked(span: Span) -> tuple[Shown, Shown]:
    """Answers to words alone and what was done with them: those before the span, and those in it."""
    earlier = Span(span.log, span.version, None, span.since) if span.since else None
    acts = acts_of(span.log)
    return (_shown(earlier, acts) if earlier else _as_shown([])), _shown(span, acts)


def _shown(span: Span, acts: Mapping[str, Mapping[str, int]]) -> Shown:
    """A shopper counts once for a query, as in `fuserank.click_models.from_service`; one who is unknown by each request."""
    share, seen, rows = min(1.0, ANSWERS / max(1, span.rows())), set[tuple[str, str]](), []
    for batch in span.batches(CLICKED, []):
        for row in batch.filter(_sampled(batch, share)).to_pylist():
            if not row["has_text"] or row["has_image"] or row["has_audio"]:
                continue
            asked = "\0".join(Asked.of(row["text"], row["locale"]))
            who = row["user"] or row["session_id"] or row["request_id"]
            if (asked, who) not in seen:
                seen.add((asked, who))
                rows.append((who, asked, row["product_ids"][:DEPTH], acts.get(row["request_id"], {})))
    return _as_shown(rows)


def _as_shown(rows: list[tuple[str, str, list[str], Mapping[str, int]]]) -> Shown:
    products, gains = np.full((len(rows), DEPTH), "", object), np.zeros((len(rows), DEPTH))
    for place, (_, _, shown, done) in enumerate(rows):
        products[place, : len(shown)] = shown
        gains[place, : len(shown)] = [done.get(product, 0) for product in shown]
    who, asked = (np.array([row[column] for row in rows], object) for column in (0, 1))
    return Shown(who, asked, products, gains)


def _sampled(batch: pa.RecordBatch, share: float) -> Any:
    return pa.array([is_sampled(request, share) for request in batch["request_id"].to_pylist()], pa.bool_())
