"""Rows of a table that came, went or changed, found by hashes: 16 bytes of memory a row, whatever the table holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fuserank.data.conforming import conform
from fuserank.errors import SchemaError
from fuserank.types import KEYS, SCHEMAS

EXAMPLES = 5
BATCH_ROWS = 2**17


@dataclass(frozen=True)
class TableDifference:
    """What changed in a table; a table without a key, as interactions, has rows that came and rows that went only.

    Attributes:
        added, removed, changed: numbers of rows.
        columns: column -> changed rows that differ in it.
        examples: keys of a few rows: ``+`` added, ``-`` removed, ``~`` changed.
    """

    table: str
    added: int
    removed: int
    changed: int
    columns: dict[str, int]
    examples: tuple[str, ...]


def compare_tables(name: str, old: Path | None, new: Path | None) -> TableDifference:
    """Compare two Parquet files of the canonical table `name`; None is an empty table.

    Raises:
        SchemaError: a file cannot be read, or has columns that the table does not know.
    """
    key = KEYS[name]
    before, after = _hashed(name, old), _hashed(name, new)
    if not key:
        return TableDifference(name, _surplus(after.rows, before.rows), _surplus(before.rows, after.rows), 0, {}, ())
    added = np.flatnonzero(~np.isin(after.keys, before.keys))
    removed = np.flatnonzero(~np.isin(before.keys, after.keys))
    _, mine, theirs = np.intersect1d(before.keys, after.keys, return_indices=True)
    changed = np.flatnonzero(before.rows[mine] != after.rows[theirs])
    changed = changed[np.argsort(theirs[changed])]
    was, now = _taken(name, old, mine[changed]), _taken(name, new, theirs[changed])
    columns = {
        field.name: differing
        for field in SCHEMAS[name]
        if field.name not in key and (differing := _differing(was[field.name], now[field.name]))
    }
    examples = [
        *(f"+{label}" for label in _labels(_taken(name, new, added[:EXAMPLES]), key)),
        *(f"-{label}" for label in _labels(_taken(name, old, removed[:EXAMPLES]), key)),
        *(f"~{label}" for label in _labels(now[:EXAMPLES], key)),
    ]
    return TableDifference(name, len(added), len(removed), len(changed), columns, tuple(examples))


@dataclass(frozen=True)
class _Hashed:
    """64-bit hashes by row: of the key columns, and of all columns. Two of 10 million rows meet with probability 3e-6."""

    keys: np.ndarray
    rows: np.ndarray


def _hashed(name: str, path: Path | None) -> _Hashed:
    keys, rows = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for table in _batches(name, path):
        # As text: pandas hashes 5 and 5.0 differently, and a column of integers with a null in it is one of floats to it.
        frame = pa.table([pc.cast(column, pa.string()) for column in table.columns], names=table.column_names).to_pandas()
        keys.append(_row_hashes(frame, KEYS[name]))
        rows.append(_row_hashes(frame, table.column_names))
    return _Hashed(np.concatenate(keys), np.concatenate(rows))


def _row_hashes(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    if not columns:
        return np.zeros(len(frame), np.uint64)
    return np.asarray(pd.util.hash_pandas_object(frame[list(columns)], index=False), np.uint64)


def _batches(name: str, path: Path | None) -> Iterator[pa.Table]:
    if path is None:
        return
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                yield conform(pa.Table.from_batches([batch]), name)
    except (OSError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:200]
        raise SchemaError(f"{name}.parquet of a version cannot be read: {said}", todo="fuserank data verify") from None


def _taken(name: str, path: Path | None, rows: np.ndarray) -> pa.Table:
    """Rows of a file, in the order asked for; only batches that hold one are kept."""
    if path is None or not len(rows):
        return SCHEMAS[name].empty_table()
    order, parts, start = np.argsort(rows), [], 0
    for table in _batches(name, path):
        here = rows[order][(rows[order] >= start) & (rows[order] < start + len(table))] - start
        parts.append(table.take(here))
        start += len(table)
    return pa.concat_tables(parts).take(np.argsort(order))


def _differing(was: pa.ChunkedArray, now: pa.ChunkedArray) -> int:
    """Rows whose values differ; two nulls are alike."""
    same = pc.or_(pc.fill_null(pc.equal(was, now), False), pc.and_(pc.is_null(was), pc.is_null(now)))
    return len(was) - int(pc.sum(same).as_py() or 0)


def _labels(table: pa.Table, key: Sequence[str]) -> list[str]:
    return [" ".join(str(value) for value in row) for row in zip(*(table[c].to_pylist() for c in key), strict=True)]


def _surplus(mine: np.ndarray, theirs: np.ndarray) -> int:
    """Rows of one table that the other has not, as often as it has them more."""
    values, counts = np.unique(mine, return_counts=True)
    others, held = np.unique(theirs, return_counts=True)
    _, at, where = np.intersect1d(values, others, assume_unique=True, return_indices=True)
    counts[at] -= np.minimum(counts[at], held[where])
    return int(counts.sum())
