"""Columns of foreign tables under their canonical names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fuserank.data.dataset import ROW_TYPES
from fuserank.data.importers.cells import parse_cell, shown
from fuserank.data.importers.source_tables import Row
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS

TABLES = tuple(ROW_TYPES)
FILLED_LATER = ("split", "source")  # required of a dataset, but the importer has a default
_BLANK: dict[str, Row] = {"interactions": {"query_id": None, "position": None}, "queries": {"split": ""}}


def canonical_tables(tables: Mapping[str, list[Row]], columns: Mapping[str, str], warnings: list[str]) -> dict[str, list[Row]]:
    """Tables under canonical column names.

    Args:
        tables: table name -> rows as they were read.
        columns: canonical column -> the user's; ``"title"`` for every table that has that column, ``"products.title"`` for one.
        warnings: a sentence is added for every column that is not used.

    Returns:
        table name -> rows with parsed values; a missing value is left out of its row.

    Raises:
        SchemaError: the mapping names a column that is not canonical or that no table has, or a cell is not as it must be.
    """
    for key in columns:
        table, _, column = key.rpartition(".")
        if not any(column in SCHEMAS[name].names for name in TABLES if table in ("", name)):
            raise SchemaError(
                f"mapping of an unknown column {key!r}",
                allowed="; ".join(f"{name}: {', '.join(SCHEMAS[name].names)}" for name in TABLES),
                todo="correct the mapping",
            )
    unused = set(columns)
    parsed: dict[str, list[Row]] = {}
    for table, rows in tables.items():
        present = {column: None for row in rows for column in row}
        names: dict[str, str] = {}
        for field in SCHEMAS[table]:
            keys = [key for key in (f"{table}.{field.name}", field.name) if columns.get(key) in present]
            names[field.name] = columns[keys[0]] if keys else field.name
            unused -= set(keys)
        warnings += [f"{table}: column {shown(column)} is not used" for column in present if column not in names.values()]
        parsed[table] = [_parse(table, number, row, names) for number, row in enumerate(rows, 1)]
    if unused:
        raise SchemaError(
            "mapped columns that no table has: " + ", ".join(f"{key}={columns[key]}" for key in sorted(unused)),
            allowed="; ".join(f"{table}: {', '.join(rows[0])}" for table, rows in tables.items() if rows),
            todo="correct the mapping",
        )
    return parsed


def _parse(table: str, number: int, row: Row, names: Mapping[str, str]) -> Row:
    parsed: dict[str, Any] = {}
    for field in SCHEMAS[table]:
        if names[field.name] not in row:
            continue
        value = parse_cell(
            row[names[field.name]],
            field.with_nullable(field.nullable or field.name in FILLED_LATER),
            f"{table} row {number}, column {shown(names[field.name])}",
        )
        if value is not None:
            parsed[field.name] = value
    return parsed


def completed(table: str, rows: Sequence[Row]) -> Sequence[Row]:
    """`rows`, with a blank for columns that may be missing but have no default.

    Raises:
        SchemaError: a required column is missing.
    """
    required = [field.name for field in SCHEMAS[table] if not field.nullable and field.name not in FILLED_LATER]
    missing = [name for name in required if rows and not all(name in row for row in rows)]
    if missing:
        raise SchemaError(
            f"{table}: no column {', '.join(map(repr, missing))}",
            allowed=", ".join(SCHEMAS[table].names),
            todo=f"map the column that holds it: --map {missing[0]}=YOURS",
        )
    return [{**_BLANK.get(table, {}), **row} for row in rows]
