"""The layout of Hugging Face `datasets`, with our tables and columns: a configuration for each table.

Source folder: `README.md` with the YAML of a dataset card, and `data/TABLE/SPLIT-00000-of-00001.parquet`, or as many shards as a
file's name says. Nothing is fetched and no loading script is run. Source: huggingface.co/docs/hub/datasets-manual-configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pydantic import ValidationError

from fuserank.data.dataset import ROW_TYPES, Manifest, Progress, write_dataset
from fuserank.data.importers.cells import parse_cell, shown
from fuserank.data.importers.columns import completed
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.lines import read_lines
from fuserank.data.importers.parquet_rows import parquet_rows
from fuserank.data.media import media_hash
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS

DATA = "data"
TABLES = tuple(ROW_TYPES)
SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}  # ours -> theirs
MEDIA = {"image": "Image", "audio": "Audio"}  # column -> feature
MEDIA_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
SHARD = re.compile(r"(?P<split>[a-z]+)-\d{5}-of-(?P<count>\d{5})\.parquet")


def file_of(table: str, split: str, number: int = 0, count: int = 1) -> str:
    """Where a shard of the rows of a table and split lies, relative to the folder."""
    return f"{DATA}/{table}/{split}-{number:05}-of-{count:05}.parquet"


def import_huggingface(source: Path, target: Path, *, progress: Progress | None = None) -> ImportedDataset:
    """Import a folder of this layout.

    Args:
        source: the folder described above; the key ``fuserank`` of the card is the manifest, without it defaults hold.
        target: the dataset folder to make or replace.
        progress: called with (rows of a file read, all its rows).

    Raises:
        SchemaError: no card, wrong YAML or manifest, a shard or a column is missing, a value is wrong, or tables do not join.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    manifest = _manifest(source)
    notes: list[str] = []
    rows: dict[str, list[Any]] = {}
    for table in TABLES:
        read = [row for row, _ in _rows(source, table, notes, progress)]
        rows[table] = [ROW_TYPES[table](**row) for row in completed(table, read)]
    check_joins(**rows, max_grade=manifest.max_grade)
    media = (data for table in ("products", "queries") for _, found in _rows(source, table, [], None) for data in found)
    return ImportedDataset.of(write_dataset(target, manifest, **rows, media=media), notes)


def _manifest(source: Path) -> Manifest:
    head: list[str] = []
    for number, line in read_lines(source / "README.md"):
        if line.strip() == "---" and head:
            break
        if number == 1 and line.strip() != "---":
            raise SchemaError("README.md line 1: no YAML", allowed="--- and the dataset card", todo="is this the folder?")
        head.append(line)
    try:
        card = yaml.safe_load("\n".join(head))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SchemaError(f"README.md: {' '.join(str(error).split())[:160]}", allowed="YAML", todo="correct the card") from None
    card = card if isinstance(card, dict) else {}
    try:
        return Manifest.model_validate(card.get("fuserank") or {"name": "huggingface"})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = f"README.md: fuserank.{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise SchemaError(said[:240], allowed=", ".join(Manifest.model_fields), todo="correct the card") from None


def _rows(source: Path, table: str, notes: list[str], progress: Progress | None) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """Rows of a table, media columns as hashes, and the bytes they stand for; splits one after the other."""
    required = [field.name for field in SCHEMAS[table] if not field.nullable]
    optional = [field.name for field in SCHEMAS[table] if field.nullable]
    for path in (path for split in SPLIT_NAMES.values() for path in _shards(source, table, split)):
        for row, where in parquet_rows(path, required, optional, notes, progress):
            found = {}
            for name in MEDIA:
                if row.get(name) is not None:
                    row[name], found[name] = _medium(row[name], f"{where}, {name}")
            parsed = {n: parse_cell(row.get(n), SCHEMAS[table].field(n), f"{where}, {n}") for n in SCHEMAS[table].names}
            yield {n: v for n, v in parsed.items() if v is not None}, [data for data in found.values() if data is not None]


def _shards(source: Path, table: str, split: str) -> list[Path]:
    """The files of a table and split in their order; none where the folder has none.

    Raises:
        SchemaError: one is missing, or there are shards of more than one writing.
    """
    names = [SHARD.fullmatch(path.name) for path in (source / DATA / table).glob("*")]
    counts = sorted({int(name["count"]) for name in names if name and name["split"] == split})
    if len(counts) > 1:
        said = f"{DATA}/{table}: shards of {split} say that there are {' and '.join(map(str, counts))}"
        raise SchemaError(said, allowed="shards of one writing", todo="take the older files away")
    paths = [source / file_of(table, split, number, count) for count in counts for number in range(count)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        said = f"{DATA}/{table}: {len(missing)} of {len(paths)} shards of {split} are not there, first {missing[0]}"
        raise SchemaError(said, allowed="every shard", todo="download the rest")
    return paths


def _medium(value: Any, where: str) -> tuple[str, bytes | None]:
    """A cell of Image or Audio as a hash and its bytes; without bytes the path must be a hash already."""
    if not isinstance(value, dict) or not {"bytes", "path"} >= value.keys():
        raise SchemaError(f"{where}: {shown(value)}", allowed="bytes and a path", todo="cast the column to Image or Audio")
    data = value.get("bytes")
    return (media_hash(data), data) if data is not None else (str(value.get("path")), None)
