"""The canonical tables and the manifest as JSON Schema (draft 2020-12), for readers of other languages.

``python -m fuserank.data.json_schema`` writes them into ``docs/schemas``; a test keeps the committed files current.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from fuserank.data.dataset import Manifest
from fuserank.data.importers.cells import CHOICES, RANGES
from fuserank.files import write_file
from fuserank.types import HASHES, KEYS, SCHEMAS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[pa.DataType, dict[str, str]] = {
    pa.string(): {"type": "string"},
    pa.float64(): {"type": "number"},
    pa.int32(): {"type": "integer"},
    pa.int64(): {"type": "integer"},
    pa.binary(): {"type": "string", "contentEncoding": "base64"},
}
_NON_EMPTY = frozenset(column for key in KEYS.values() for column in key)


def table_schema(name: str) -> dict[str, Any]:
    """JSON Schema of one row of a table of `fuserank.types.SCHEMAS`; ``x-key`` names the columns that are unique together."""
    schema = SCHEMAS[name]
    return {
        "$schema": DRAFT,
        "title": f"a row of {name}.parquet" if name != "media" else "a row of media-*.parquet",
        "type": "object",
        "properties": {field.name: _column(field) for field in schema},
        "required": [field.name for field in schema if not field.nullable],
        "additionalProperties": False,
        "x-key": list(KEYS[name]),
    }


def schemas() -> dict[str, dict[str, Any]]:
    """All schemas by file stem: each table, and ``dataset`` for the manifest."""
    manifest = {"$schema": DRAFT, **Manifest.model_json_schema()}
    return {name: table_schema(name) for name in SCHEMAS} | {"dataset": manifest}


def write_schemas(folder: Path) -> None:
    """Write ``<stem>.schema.json`` for each of `schemas` into `folder`."""
    for stem, schema in schemas().items():
        write_file(folder / f"{stem}.schema.json", json.dumps(schema, indent=2) + "\n")


def _column(field: pa.Field) -> dict[str, Any]:
    column: dict[str, Any] = dict(_TYPES[field.type])
    if field.name in CHOICES:
        column["enum"] = list(CHOICES[field.name])
    if field.name in RANGES:
        low, high = RANGES[field.name]
        column["minimum"] = low
        if high != float("inf"):
            column["maximum"] = high
    if field.name in HASHES:
        column["pattern"] = "^[0-9a-f]{64}$"
    elif field.name in _NON_EMPTY:
        column["minLength"] = 1
    if field.name == "grade":
        column["minimum"] = 0
    if not field.nullable:
        return column
    if "enum" in column:
        column["enum"].append(None)
    return column | {"type": [column["type"], "null"]}


if __name__ == "__main__":
    write_schemas(Path("docs/schemas"))
