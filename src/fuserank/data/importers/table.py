"""A user's own tables and media folder.

Source folder: `products`, and if there are any `queries`, `judgments`, `interactions`, each as .csv, .jsonl, .jsonl.gz or .parquet
with the canonical columns (`fuserank.types.SCHEMAS`) or others that a mapping names. `image` and `audio` hold file names in the
media folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from fuserank.data.dataset import ROW_TYPES, Manifest, Progress, write_dataset
from fuserank.data.importers.cells import CHOICES
from fuserank.data.importers.columns import TABLES, canonical_tables, completed
from fuserank.data.importers.dealt_splits import deal
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import READERS, Row, read_rows
from fuserank.data.target import target_folder
from fuserank.errors import MediaError, SchemaError
from fuserank.types import Product, Query

_Pictured = TypeVar("_Pictured", Product, Query)
SHOWN = 3  # warnings of a kind that are told one by one


def import_table(
    source: Path,
    target: Path,
    *,
    name: str = "table",
    columns: Mapping[str, str] | None = None,
    media: Path | None = None,
    judged_by: str = "human",
    candidates: Literal["split", "judged"] = "split",
    max_grade: int = 3,
    relevant_grade: int = 2,
    progress: Progress | None = None,
) -> ImportedDataset:
    """Import a user's own data.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        name: of the dataset.
        columns: canonical column -> the user's; ``"title"`` for every table that has that column, ``"products.title"`` for one.
        media: folder of pictures and sounds; default `source`.
        judged_by: `source` of judgments that do not name one.
        candidates: what a query ranks, see `Manifest`.
        max_grade: highest grade.
        relevant_grade: from this grade on a product counts as relevant.
        progress: called with (rows whose media were read, all such rows).

    Returns:
        The dataset; its `warnings` name columns that were not used, files that were not found and splits that were dealt.

    Raises:
        SchemaError: a table, column or value is not as it must be, tables do not join, there is no media folder, or a media name
            leaves it.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    if judged_by not in CHOICES["source"]:
        raise SchemaError(f"judged_by {judged_by!r}", allowed=", ".join(CHOICES["source"]), todo="choose another source")
    if media is not None and not media.is_dir():
        raise SchemaError(f"no media folder {media}", allowed="a folder of pictures and sounds", todo="correct its name")
    target_folder(target, source, media)
    manifest = Manifest(
        name=name,
        candidates=candidates,
        max_grade=max_grade,
        relevant_grade=relevant_grade,
        origin="imported from own tables",
        licence="the user's own",
    )
    warnings: list[str] = []
    tables = canonical_tables({table: _rows(source, table) for table in TABLES}, columns or {}, warnings)
    for row in tables["judgments"]:
        row.setdefault("source", judged_by)
    rows = {table: [ROW_TYPES[table](**row) for row in completed(table, parsed)] for table, parsed in tables.items()}
    check_joins(**rows, max_grade=max_grade)
    folder = MediaFolder(media or source)
    total = len(rows["products"]) + len(rows["queries"])
    products = _with_media(rows["products"], folder, warnings, progress, 0, total)
    queries = _with_split(_with_media(rows["queries"], folder, warnings, progress, len(products), total), warnings)
    dataset = write_dataset(
        target,
        manifest,
        products=products,
        queries=queries,
        judgments=rows["judgments"],
        interactions=rows["interactions"],
        media=folder.read(),
    )
    return ImportedDataset.of(dataset, warnings)


def _rows(source: Path, table: str) -> list[Row]:
    """Rows of a table under whichever ending it has; [] when it is absent and may be."""
    found = [path for ending in READERS if (path := source / f"{table}{ending}").is_file()]
    if len(found) > 1:
        raise SchemaError(f"{table} is there twice: {', '.join(path.name for path in found)}", todo="keep one of them")
    if not found and table == "products":
        raise SchemaError(
            f"no products table in {source}",
            allowed=", ".join(f"products{ending}" for ending in READERS),
            todo="point at the folder that holds the tables",
        )
    return read_rows(found[0]) if found else []


def _with_media(
    rows: Sequence[_Pictured], folder: MediaFolder, warnings: list[str], progress: Progress | None, done: int, total: int
) -> list[_Pictured]:
    """`rows` with media hashes in place of file names; a file that cannot be read leaves its column empty."""
    kept: list[_Pictured] = []
    failed: dict[str, list[str]] = {}
    for row in rows:
        hashes: dict[str, Any] = {}
        for column in ("image", "audio"):
            file = getattr(row, column)
            try:
                hashes[column] = folder.add(file) if file else None
            except MediaError as error:
                hashes[column] = None
                named = getattr(row, "product_id", None) or getattr(row, "query_id", "")
                failed.setdefault(f"{column}, {error.reason}", []).append(f"{column} of {named!r}: {error}")
        kept.append(replace(row, **hashes))
        if progress:
            progress(done + len(kept), total)
    for what, said in failed.items():
        warnings += said[:SHOWN]
        if len(said) > SHOWN:
            warnings.append(f"{what}: {len(said) - SHOWN} more; --media names the folder of the files")
    return kept


def _with_split(queries: Sequence[Query], warnings: list[str]) -> list[Query]:
    """`queries` with a split each; those without one are dealt 70 / 10 / 20 by group, or else by text or id."""
    without = [query for query in queries if not query.split]
    if without:
        warnings.append(f"{len(without)} queries have no split: dealt 70 / 10 / 20 by group or text")
    splits = {query.group: query.split for query in queries if query.split and query.group}
    splits = deal(_group(query) for query in without) | splits
    return [
        replace(
            query,
            split=query.split or splits[_group(query)],
            group=_group(query),
            audio_source=query.audio_source or ("recorded" if query.audio else None),
        )
        for query in queries
    ]


def _group(query: Query) -> str:
    return query.group or " ".join(query.text.casefold().split()) or query.query_id
