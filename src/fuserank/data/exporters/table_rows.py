"""Rows of a dataset's tables in file order, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

from fuserank.data.dataset import Dataset


def rows_of(dataset: Dataset, table: str) -> Iterator[dict[str, Any]]:
    """Rows of a table as dictionaries; none where the table is not there."""
    path = dataset.root / f"{table}.parquet"
    if path.exists():
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
