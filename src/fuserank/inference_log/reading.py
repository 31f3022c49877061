"""Reading the log back, segment by segment.

A damaged segment is named and left out; one that retention takes meanwhile is not missed. A column that may be empty and came
later than a segment is empty in its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fuserank.errors import InputError
from fuserank.inference_log.records import SCHEMAS, Kind
from fuserank.inference_log.segments import Segment, list_segments


def read_log(
    folder: Path,
    kind: Kind,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[pa.Table, list[str]]:
    """All rows of a kind, in the order in which segments were written.

    Args:
        folder: of an `InferenceLog`.
        since: rows of this time and later; aware of its time zone.
        until: rows before this time; likewise.
        columns: names out of `SCHEMAS[kind]`; None: all.

    Returns:
        the table, and the names of segments that are damaged or have other columns; their rows are missing.

    Raises:
        InputError: there is no such folder or column, or a time has no time zone.
    """
    broken: list[str] = []
    batches = list(iter_log(folder, kind, since=since, until=until, columns=columns, on_broken=broken.append))
    return pa.Table.from_batches(batches, _schema(kind, columns)), broken


def iter_log(
    folder: Path,
    kind: Kind,
    *,
    on_broken: Callable[[str], object],
    since: datetime | None = None,
    until: datetime | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Like `read_log`, with one segment at a time in memory.

    Args:
        on_broken: told the name of each segment that is damaged or has other columns.
        folder, kind, since, until, columns: as for `read_log`.

    Raises:
        InputError: as for `read_log`, with the first batch.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {folder}", allowed="the folder of an inference log", todo="serve with the log on first")
    for time in (since, until):
        if time is not None and time.tzinfo is None:
            raise InputError(f"{time} has no time zone", todo="give it one, e.g. datetime.UTC")
    wanted = _schema(kind, columns)
    for segment in list_segments(folder):
        if segment.kind == kind:
            try:
                table = _rows(segment, kind, wanted, since, until)
            except FileNotFoundError:
                continue  # retention was faster
            except (ValueError, OSError):  # pyarrow's own errors are among them
                on_broken(segment.path.name)
                continue
            yield from table.to_batches()


def query_vectors(rankings: pa.Table, modality: str) -> tuple[np.ndarray, np.ndarray]:
    """Query vectors of one modality, for drift.

    Args:
        rankings: n rows with the column `query_vectors`.

    Returns:
        vectors float32 (m, d) of the rows that have the modality, and int64 (m,) which rows these are, ascending; (0, 0) and (0,)
        when none has it.

    Raises:
        InputError: the rows come from models whose vectors have different lengths.
    """
    raw = pc.map_lookup(rankings["query_vectors"], pa.scalar(modality), "first")
    lengths = pc.unique(pc.binary_length(raw).drop_null()).to_pylist()
    if len(lengths) > 1:
        dims = ", ".join(str(length // 2) for length in sorted(lengths))
        raise InputError(f"{modality} vectors of {dims} numbers", allowed="one length", todo="filter the rows by model_version")
    rows = np.flatnonzero(pc.is_valid(raw).to_numpy())
    halves = np.frombuffer(b"".join(raw.drop_null().to_pylist()), "<f2")
    return halves.reshape(len(rows), lengths[0] // 2 if lengths else 0).astype(np.float32), rows


def _schema(kind: Kind, columns: Sequence[str] | None) -> pa.Schema:
    schema = SCHEMAS[kind]
    unknown = [name for name in columns or () if name not in schema.names]
    if unknown:
        raise InputError(f"{kind} have no column {', '.join(unknown)}", allowed=", ".join(schema.names), todo="correct the name")
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])


def _rows(segment: Segment, kind: Kind, wanted: pa.Schema, since: datetime | None, until: datetime | None) -> pa.Table:
    """The wanted columns alone are decoded: query vectors are most of a segment."""
    file = pq.ParquetFile(pa.BufferReader(segment.read()))
    there = set(file.schema_arrow.names)
    known = [column for column in SCHEMAS[kind] if column.name in there or not column.nullable]
    if not file.schema_arrow.equals(pa.schema(known)):
        raise ValueError(f"{segment.path.name} has other columns")
    table = file.read([name for name in dict.fromkeys([*wanted.names, "time"]) if name in there])
    if since is not None:
        table = table.filter(pc.field("time") >= pa.scalar(since, table.schema.field("time").type))
    if until is not None:
        table = table.filter(pc.field("time") < pa.scalar(until, table.schema.field("time").type))
    for column in wanted:
        if column.name not in there:
            table = table.append_column(column, pa.nulls(len(table), column.type))
    return table.select(wanted.names)
