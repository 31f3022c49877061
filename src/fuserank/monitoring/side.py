"""One side of a comparison: what a batch, or the traffic of a while, looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """N rows of one kind: products, queries or requests.

    Attributes:
        tables: name -> frame of N rows, see `fuserank.monitoring.columns`.
        vectors: modality -> float (m, d) of the m rows that have it, and which rows these are, int (m,).
        has: modality -> float (N,), 0..1: whether a product has it, or what share of a request's candidates does.
        weights: float (N,) of the rows in `has`; None: all the same.
        units: (N,) of ids: rows of one id, a shopper's, are not independent; None: all are.
    """

    tables: Mapping[str, pd.DataFrame]
    vectors: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    has: Mapping[str, np.ndarray] = field(default_factory=dict)
    weights: np.ndarray | None = None
    units: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.tables.values())))

    def taken(self, rows: np.ndarray) -> Rows:
        """Some of the rows, each at most once: int (n,)."""
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        vectors = {}
        for modality, (array, of) in self.vectors.items():
            kept = place[of] >= 0
            vectors[modality] = (array[kept], place[of][kept])
        return Rows(
            {name: frame.iloc[rows].reset_index(drop=True) for name, frame in self.tables.items()},
            vectors,
            {modality: shares[rows] for modality, shares in self.has.items()},
            None if self.weights is None else self.weights[rows],
            None if self.units is None else self.units[rows],
        )


@dataclass(frozen=True)
class Side:
    """Everything of one side.

    Attributes:
        name: for the reader, e.g. ``"core"``.
        kinds: ``"products"``, ``"queries"``, ``"requests"`` -> rows; a kind that a side lacks is not compared.
        notes: kind -> why it is not there, for the reader.
    """

    name: str
    kinds: Mapping[str, Rows]
    notes: Mapping[str, str] = field(default_factory=dict)

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
        kinds = {"products": product_rows(products, vectors, present)}
        if len(queries):
            kinds["queries"] = Rows({"queries": queries.to_pandas()})
        return cls(name, kinds)


def product_rows(products: pa.Table, vectors: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]) -> Rows:
    """Rows of products; arguments as of `Side.of`."""
    rows = {modality: np.flatnonzero(present[modality]) for modality in vectors}
    return Rows(
        {"products": products.to_pandas()},
        {m: (np.asarray(vectors[m][rows[m]], np.float32), rows[m]) for m in vectors},
        {m: np.asarray(has, float) for m, has in present.items()},
    )
