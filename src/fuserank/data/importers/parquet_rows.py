"""Rows of a foreign Parquet file, batch by batch, with the columns that are needed and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.dataset import Progress
from fuserank.data.importers.cells import shown
from fuserank.data.importers.lines import check_columns
from fuserank.errors import SchemaError

ROWS = 8_192


def parquet_rows(
    path: Path, required: Sequence[str], optional: Sequence[str], notes: list[str], progress: Progress | None
) -> Iterator[tuple[dict[str, Any], str]]:
    """(row, "FILE row N") of a Parquet file.

    Args:
        path: the file.
        required, optional: columns to read; of `optional` those that are there.
        notes: a sentence is added for every other column.
        progress: called with (rows read, all rows).

    Raises:
        SchemaError: no such file, damaged, a column is missing or given twice, or text that is no UTF-8.
    """
    if not path.is_file():
        raise SchemaError(f"no {path.name} in {shown(str(path.parent))}", todo="point at the folder that holds it")
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            check_columns(path.name, names, required)
            wanted = [name for name in names if name in (*required, *optional)]
            notes += [f"{path.name}: column {shown(name)} is not used" for name in names if name not in wanted]
            for batch in file.iter_batches(batch_size=ROWS, columns=wanted):
                batch.validate(full=True)  # damaged bytes may be read as text that is no UTF-8
                for row in batch.to_pylist():
                    number += 1
                    yield row, f"{path.name} row {number}"
                if progress:
                    progress(number, file.metadata.num_rows)
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:160]
        raise SchemaError(f"{path.name} after row {number}: {said}", allowed="Parquet", todo="export the file again") from None
