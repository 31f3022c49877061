"""Rows of a table file, whatever it is written in: CSV, JSON Lines (also gzipped) or Parquet."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.importers.lines import parse_json
from fuserank.errors import SchemaError
from fuserank.plugins import PluginTable

Row = dict[str, Any]


def _csv(path: Path) -> Iterator[Row]:
    with _text(path) as file:
        reader = csv.DictReader(file, strict=True)
        header = reader.fieldnames or ()
        _refuse_repeated(path, header)
        for row in reader:
            if None in row or None in row.values():
                raise SchemaError(
                    f"{path.name} line {reader.line_num}: another number of fields than the header has",
                    allowed=f"{len(header)} fields in every line",
                    todo="quote fields that hold commas or line breaks",
                )
            yield row


def _refuse_repeated(path: Path, header: Sequence[str]) -> None:
    if twice := sorted(name[:80] for name, count in Counter(header).items() if count > 1):
        raise SchemaError(
            f"{path.name}: column {', '.join(map(repr, twice))} given twice",
            allowed="each column once",
            todo="rename or drop the repeated columns",
        )


def _jsonl(path: Path) -> Iterator[Row]:
    with _text(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = parse_json(line)
            except (ValueError, RecursionError) as error:
                said = getattr(error, "msg", str(error))
                raise SchemaError(
                    f"{path.name} line {number}: {said}", allowed="one JSON object a line", todo="correct the line"
                ) from None
            if not isinstance(row, dict):
                raise SchemaError(f"{path.name} line {number}: {type(row).__name__}", allowed="one JSON object a line")
            yield row


def _parquet(path: Path) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        _refuse_repeated(path, file.schema_arrow.names)
        for batch in file.iter_batches():
            yield from batch.to_pylist()


READERS: PluginTable[Callable[[Path], Iterator[Row]]] = PluginTable(
    "table format", {".csv": _csv, ".jsonl": _jsonl, ".jsonl.gz": _jsonl, ".parquet": _parquet}
)


def read_rows(path: Path, required: Sequence[str] = ()) -> list[Row]:
    """All rows of a table file; text is UTF-8, with or without a byte order mark.

    Args:
        path: its ending picks the reader.
        required: columns that every row must have.

    Raises:
        SchemaError: no such file, not readable, or a required column is missing.
        UnknownNameError: an ending that no reader knows.
    """
    if not path.is_file():
        raise SchemaError(f"no {path.name} in {path.parent}", todo="point at the folder that holds it")
    ending = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    try:
        rows = list(READERS[ending](path))
    except SchemaError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, OverflowError, csv.Error, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise SchemaError(
            f"{path.name} cannot be read: {said}", allowed="UTF-8 text or Parquet", todo="export the table again"
        ) from None
    missing = [name for name in required if rows and name not in rows[0]]
    if missing:
        raise SchemaError(
            f"{path.name}: no column {', '.join(map(repr, missing))}", allowed=", ".join(rows[0]), todo="is this the right folder?"
        )
    return rows


def _text(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
