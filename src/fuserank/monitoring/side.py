"""One side of a comparison: what a batch of products and queries looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Side:
    """Tables and embeddings of one batch.

    Attributes:
        name: for the reader, e.g. ``"core"``.
        tables: the first is what the side is of: ``"products"``, with ``"queries"`` when there are any, or ``"queries"`` with
            ``"answers"``. Products and queries have the canonical columns, answers those of `fuserank.monitoring.traffic`.
        embeddings: modality -> float (n, d), the vectors of what has it.
        missing: modality -> share of products, or of candidates, that lack it, 0..1.
    """

    name: str
    tables: dict[str, pd.DataFrame]
    embeddings: dict[str, np.ndarray]
    missing: dict[str, float]

    @property
    def kind(self) -> str:
        """What the side is of: the name of its first table."""
        return next(iter(self.tables))

    @property
    def rows(self) -> int:
        """How many of them there are."""
        return len(self.tables[self.kind])

    @classmethod
    def of(
        cls, name: str, products: pa.Table, queries: pa.Table, vectors: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]
    ) -> Side:
        """A side from canonical tables and a catalogue's features.

        Args:
            name: for the reader.
            products: N rows.
            queries: any number of rows, also none.
            vectors: modality -> (N, d).
            present: modality -> bool (N,); rows that are False hold no vector.
        """
        tables = {"products": products.to_pandas()} | ({"queries": queries.to_pandas()} if len(queries) else {})
        return cls(
            name=name,
            tables=tables,
            embeddings={m: np.asarray(vectors[m], dtype=np.float32)[present[m]] for m in vectors},
            missing={m: 1.0 - float(np.mean(present[m])) if len(present[m]) else 1.0 for m in present},
        )
