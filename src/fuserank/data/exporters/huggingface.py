"""The layout of Hugging Face `datasets`: a card with YAML, and Parquet files ``FOLDER/SPLIT-00000-of-00001.parquet``.

Each of our tables is a configuration of the card. Pictures and sounds are columns of bytes, as Image and Audio are kept.
Source: huggingface.co/docs/hub/datasets-manual-configuration and huggingface.co/docs/datasets/about_dataset_features.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.huggingface import DATA, MEDIA, MEDIA_TYPE, SPLIT_NAMES, TABLES, file_of
from fuserank.types import SCHEMAS

ROWS = 256  # of a row group: pictures lie in it
_DTYPES = {pa.string(): "string", pa.float64(): "float64", pa.int32(): "int32", pa.int64(): "int64"}


def export_huggingface(dataset: Dataset, folder: Path) -> list[str]:
    """Write every table, whole. Queries and their judgments go by split; products and events are one split ``train``.

    Raises:
        MediaError: the bytes of a picture or a sound were altered.
    """
    split_of = {query.query_id: query.split for query in dataset.queries}
    configurations = []
    for table in TABLES:
        files = []
        splits = tuple(SPLIT_NAMES) if table in ("queries", "judgments") else ("train",)
        for split in splits:
            name = file_of(table, SPLIT_NAMES[split])
            rows = (
                row
                for row in rows_of(dataset, table)
                if len(splits) == 1 or (row["split"] if table == "queries" else split_of[row["query_id"]]) == split
            )
            if _write(folder / name, table, dataset, rows):
                files.append({"split": SPLIT_NAMES[split], "path": name})
        if files:
            configurations.append({"config_name": table, "data_files": files})
    (folder / "README.md").write_text(_card(dataset, configurations), encoding="utf-8")
    return []


def _write(path: Path, table: str, dataset: Dataset, rows: Iterator[dict[str, Any]]) -> int:
    """Write rows and give their number; no file for none."""
    schema = pa.schema([field.with_type(MEDIA_TYPE) if field.name in MEDIA else field for field in SCHEMAS[table]])
    schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": _features(table)}})})
    writer, held, count = None, [], 0
    for row in rows:
        held.append({**row, **{name: _bytes(dataset, row[name]) for name in MEDIA if row.get(name)}})
        count += 1
        if len(held) == ROWS:
            writer = writer or _opened(path, schema)
            writer.write_table(pa.Table.from_pylist(held, schema=schema))
            held = []
    if held:
        writer = writer or _opened(path, schema)
        writer.write_table(pa.Table.from_pylist(held, schema=schema))
    if writer:
        writer.close()
    return count


def _opened(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, schema, compression="zstd")


def _bytes(dataset: Dataset, digest: str) -> dict[str, Any]:
    """What the feature holds: bytes and a path; the path is the hash. Bytes are missing where the dataset has none."""
    return {"bytes": dataset.media.get(digest) if digest in dataset.media else None, "path": digest}


def _features(table: str) -> dict[str, Any]:
    return {
        field.name: {"_type": MEDIA[field.name]} if field.name in MEDIA else {"dtype": _DTYPES[field.type], "_type": "Value"}
        for field in SCHEMAS[table]
    }


def _card(dataset: Dataset, configurations: list[dict[str, Any]]) -> str:
    manifest = dataset.manifest
    head = {
        "pretty_name": dataset.name,
        "license": "other",
        "license_name": manifest.licence or "unknown",
        "task_categories": ["text-ranking"],
        "configs": configurations,
        "fuserank": manifest.model_dump(),
    }
    said = (
        f"# {dataset.name}\n\nProducts, queries, judgments and events of a shop, written by fuserank under `{DATA}/`.\n\n"
        f"Origin: {manifest.origin or 'not named'}. Licence: {manifest.licence or 'not named'}.\n"
    )
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n{said}"
