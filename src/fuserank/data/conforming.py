"""A table in the canonical columns and types."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fuserank.errors import SchemaError
from fuserank.types import HASHES, SCHEMAS


def conform(table: pa.Table, name: str) -> pa.Table:
    """`table` with exactly the columns of SCHEMAS[name]: optional ones filled with nulls, types cast safely.

    Raises:
        SchemaError: a required column is missing, a column is unknown, holds a null where none may be, or does not
            convert, or a media hash is none.
    """
    schema = SCHEMAS[name]
    unknown = [c for c in table.column_names if c not in schema.names]
    missing = [f.name for f in schema if not f.nullable and f.name not in table.column_names]
    if unknown or missing:
        raise SchemaError(
            f"{name}: "
            + "; ".join(
                f"{what} column {', '.join(map(repr, columns))}"
                for what, columns in (("missing", missing), ("unknown", unknown))
                if columns
            ),
            allowed=", ".join(schema.names),
            todo="map or drop the columns when importing",
        )
    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            arrays.append(pa.nulls(len(table), field.type))
            continue
        column = table[field.name]
        try:
            arrays.append(column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaError(
                f"{name}.{field.name}: {error}", allowed=str(field.type), todo="correct the values of the column"
            ) from None
        if not field.nullable and column.null_count:
            raise SchemaError(
                f"{name}.{field.name}: {column.null_count} empty values",
                allowed="a value in every row",
                todo="fill or drop these rows",
            )
        if field.name in HASHES:
            _check_hashes(arrays[-1], f"{name}.{field.name}")
    return pa.Table.from_arrays([a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays], schema=schema)


def _check_hashes(column: pa.ChunkedArray, where: str) -> None:
    wrong = column.filter(pc.invert(pc.match_substring_regex(column, "^[0-9a-f]{64}$")))
    if len(wrong):
        raise SchemaError(
            f"{where}: {len(wrong)} values are no media hash, e.g. {wrong[0].as_py()[:80]!r}",
            allowed="the sha256 of media bytes: 64 hex characters",
            todo="import the data again",
        )
