"""The canonical dataset folder: four Parquet tables, media shards and a manifest.

dataset.json  products.parquet  queries.parquet  judgments.parquet  [interactions.parquet]  [media-00000.parquet …]
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from fuserank.data.conforming import conform
from fuserank.data.media import MediaStore, write_media
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.files import new_folder, sha256_file
from fuserank.types import SCHEMAS, Interaction, Judgment, Product, Query

Progress = Callable[[int, int], None]  # called with (items done, items in all)
NAME = r"^[a-z0-9][a-z0-9_.-]{0,63}$"  # of a dataset or a regime: they become names of folders and files
BATCH = 4096  # rows that are read at once
ROW_TYPES: dict[str, type] = {"products": Product, "queries": Query, "judgments": Judgment, "interactions": Interaction}


class Manifest(BaseModel):
    """What a dataset says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME)
    regime: str = Field(default="default", pattern=NAME)
    candidates: Literal["split", "judged"] = "split"  # a query ranks its split's products, or only those judged for it
    max_grade: int = Field(default=3, ge=1, le=10)
    # From this grade on a product counts as relevant for binary measures.
    relevant_grade: int = Field(default=2, ge=1, validate_default=True)
    origin: str = ""
    licence: str = ""

    @field_validator("relevant_grade")
    @classmethod
    def _can_be_reached(cls, grade: int, info: ValidationInfo) -> int:
        if grade > info.data.get("max_grade", grade):
            raise ValueError(f"{grade} is above max_grade {info.data['max_grade']}")
        return grade


@dataclass(frozen=True)
class Dataset:
    """A dataset folder, read lazily. A table that is missing reads as an empty one (only products must exist)."""

    root: Path
    manifest: Manifest

    @classmethod
    def open(cls, root: Path | str) -> Dataset:
        """Open a dataset folder.

        Raises:
            SchemaError: no folder, no manifest, or a manifest with unknown or wrong keys.
        """
        root = Path(root)
        path = root / "dataset.json"
        if not path.is_file():
            near = _near(root)
            raise SchemaError(
                f"no dataset.json in {root}",
                allowed="a folder written by `fuserank import` or `fuserank sample`",
                todo=f"did you mean {near[0]}?" if near else "import the data first",
            )
        try:
            return cls(root, Manifest.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise SchemaError(
                ": ".join(filter(None, (str(path), ".".join(map(str, first["loc"])), first["msg"]))),
                allowed=", ".join(Manifest.model_fields),
                todo="import the data again",
            ) from None

    @property
    def name(self) -> str:
        """Its name and regime, as folders are called."""
        manifest = self.manifest
        return manifest.name if manifest.regime == "default" else f"{manifest.name}-{manifest.regime}"

    def table(self, name: str) -> pa.Table:
        """One table in the canonical column order and types.

        Raises:
            SchemaError: the file is damaged, a required column is missing, a column is unknown or does not convert to its type, or
                a media hash is none.
        """
        return pa.concat_tables([SCHEMAS[name].empty_table(), *self.batches(name)])

    def batches(self, name: str) -> Iterator[pa.Table]:
        """The table in parts of at most BATCH rows, each as `table` gives it and with its errors."""
        path = self.root / f"{name}.parquet"
        if not path.exists() and name != "products":
            return
        try:
            with pq.ParquetFile(path) as file:
                yield conform(file.schema_arrow.empty_table(), name)  # columns that are not as they must be, also of no row
                for batch in file.iter_batches(BATCH):
                    batch.validate(full=True)  # damaged bytes may be read as text that is no UTF-8
                    yield conform(pa.Table.from_batches([batch]), name)
        except (OSError, pa.ArrowException) as error:
            said = " ".join(str(error).split())
            raise SchemaError(f"{name}.parquet cannot be read: {said}", todo="import the data again") from None

    @cached_property
    def products(self) -> list[Product]:
        """All products, in file order.

        Raises:
            SchemaError: there is none, or the table is not as it must be.
        """
        if not (rows := self._rows("products")):
            raise SchemaError("products.parquet holds no row", allowed="at least one product", todo="import the data again")
        return rows

    @cached_property
    def queries(self) -> list[Query]:
        """All queries, in file order."""
        return self._rows("queries")

    @cached_property
    def interactions(self) -> list[Interaction]:
        """All interactions, in time order."""
        return sorted(self._rows("interactions"), key=lambda event: event.timestamp)

    @cached_property
    def qrels(self) -> dict[str, dict[str, int]]:
        """query_id -> product_id -> grade. What is not in it has grade 0 (pooling assumption)."""
        table = self.table("judgments")
        qrels: dict[str, dict[str, int]] = {}
        for query_id, product_id, grade in zip(*(table[c].to_pylist() for c in ("query_id", "product_id", "grade")), strict=True):
            qrels.setdefault(query_id, {})[product_id] = grade
        return qrels

    def count(self, name: str) -> int:
        """Rows of a table, without reading them; 0 for one that is not there."""
        path = self.root / f"{name}.parquet"
        return int(pq.read_metadata(path).num_rows) if path.exists() else 0

    def _rows(self, name: str) -> list[Any]:
        return [row for batch in self.batches(name) for row in rows_of(batch, ROW_TYPES[name])]

    @cached_property
    def media(self) -> MediaStore:
        """The pictures and sounds."""
        return MediaStore(self.root)

    @cached_property
    def version(self) -> str:
        """sha256 over the names and bytes of all files of the folder: 64 hex characters."""
        digest = hashlib.sha256()
        for path in sorted(self.root.iterdir()):
            if path.is_file():
                digest.update(f"{path.name}\0{sha256_file(path)}\n".encode())
        return digest.hexdigest()


def write_dataset(
    root: Path,
    manifest: Manifest,
    *,
    products: Sequence[Product],
    queries: Sequence[Query] = (),
    judgments: Iterable[Judgment] | pa.Table | pa.RecordBatchReader = (),
    interactions: Sequence[Interaction] | pa.Table | pa.RecordBatchReader = (),
    media: Iterable[bytes] = (),
) -> Dataset:
    """Write a dataset folder atomically: it is there as a whole or not at all. The same input gives the same bytes.

    Args:
        root: the folder to make or replace.
        judgments, interactions: rows, a table, or for what does not fit into memory a reader of batches.
        media: bytes of pictures and sounds, streamed.

    Raises:
        InputError: something other than a dataset stands at `root`.
    """
    tables: dict[str, Any] = {"products": products, "queries": queries, "judgments": judgments, "interactions": interactions}
    with new_folder(target_folder(root)) as folder:
        (folder / "dataset.json").write_text(json.dumps(manifest.model_dump(), indent=2, sort_keys=True) + "\n")
        for name, rows in tables.items():
            _write_table(folder, name, rows)
        write_media(folder, media)
    return Dataset.open(root)


def _near(root: Path) -> list[str]:
    """The dataset folder beside a folder that is none, whose name is nearest; [] for none."""
    try:
        beside = [str(path.parent) for path in root.parent.glob("*/dataset.json")]
    except OSError:
        return []
    return difflib.get_close_matches(str(root), beside, n=1)


def _write_table(folder: Path, name: str, rows: Any) -> None:
    path = folder / f"{name}.parquet"
    if isinstance(rows, pa.RecordBatchReader):
        writer = None
        for batch in rows:
            writer = writer or pq.ParquetWriter(path, SCHEMAS[name], compression="zstd")
            writer.write_table(conform(pa.Table.from_batches([batch]), name))
        if writer:
            writer.close()
        return
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMAS[name])
    if len(table) or name == "products":
        pq.write_table(conform(table, name), path, compression="zstd")


def rows_of(table: pa.Table, row_type: type) -> Iterator[Any]:
    """Rows as dataclasses; a null in a column whose default is text reads as that default, and equal texts are one object."""
    defaults = {f.name: f.default for f in fields(row_type) if isinstance(f.default, str)}
    return map(row_type, *(_values(table[f.name].combine_chunks(), defaults.get(f.name)) for f in fields(row_type)))


def _values(column: pa.Array, default: str | None) -> list[Any]:
    """Values of a column, nulls as `default`."""
    if not pa.types.is_string(column.type):
        return column.to_pylist()
    coded = (column if default is None else column.fill_null(default)).dictionary_encode()
    texts = [*coded.dictionary.to_pylist(), None]
    return [texts[code] for code in coded.indices.fill_null(len(texts) - 1).to_pylist()]
