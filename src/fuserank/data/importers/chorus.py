"""Chorus: real shop queries graded by people over Icecat product texts; the judged products of each query are ranked again.

Source folder: `products.jsonl.gz` (id, title, short_description, supplier, price in cents), `Broad_Query_Set_rated.csv`
(query, docid, rating 0..3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.cells import parse_cell
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.source_tables import read_rows
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Judgment, Product, Query

FOLDS = 5


def import_chorus(
    source: Path, target: Path, *, fold: int = 0, all_products: bool = False, progress: Progress | None = None
) -> ImportedDataset:
    """Import the human judgments with one of five splits.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        fold: 0..4; this fold of the query groups is test, the next one val, the other three train.
        all_products: also import products that nobody judged.
        progress: called with (products read, all products).

    Raises:
        SchemaError: a file or a column is missing, a rating is not 0..3, a docid is unknown, or `fold` is out of range.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    if not 0 <= fold < FOLDS:
        raise SchemaError(f"fold {fold}", allowed=f"0 .. {FOLDS - 1}", todo="choose another fold")
    rated = read_rows(source / "Broad_Query_Set_rated.csv", ("query", "docid", "rating"))
    ids = {text: f"c{place:03d}" for place, text in enumerate(sorted({row["query"] for row in rated}))}
    judgments = [
        Judgment(ids[row["query"]], row["docid"], _rating(row["rating"], line), "human") for line, row in enumerate(rated, 2)
    ]
    judged = {judgment.product_id for judgment in judgments}
    products = list(_products(source, None if all_products else judged, progress))
    queries = _queries(ids, fold)
    check_joins(products, queries, judgments, max_grade=3)
    manifest = Manifest(
        name="chorus",
        regime="human",
        candidates="judged",
        origin="github.com/querqy/chorus; product data of Open Icecat",
        licence="Apache-2.0 (judgments); Open Icecat Open Content License (product data)",
    )
    return ImportedDataset.of(write_dataset(target, manifest, products=products, queries=queries, judgments=judgments), [])


def _rating(value: str, line: int) -> int:
    if value not in ("0", "1", "2", "3"):
        raise SchemaError(
            f"Broad_Query_Set_rated.csv line {line}: rating {value!r}", allowed="0, 1, 2, 3", todo="correct the rating"
        )
    return int(value)


def _products(source: Path, wanted: set[str] | None, progress: Progress | None) -> Iterator[Product]:
    """The wanted products (None: all), in file order."""
    rows = read_rows(source / "products.jsonl.gz", ("id", "title", "supplier", "price"))
    for number, row in enumerate(rows, 1):
        if wanted is None or row["id"] in wanted:
            cents = parse_cell(row["price"], SCHEMAS["products"].field("price"), f"products.jsonl.gz line {number}, column 'price'")
            yield Product(
                product_id=row["id"],
                title=row["title"],
                description=row.get("short_description") or "",
                brand=row["supplier"],
                price=None if cents is None else cents / 100,
                locale="en",
            )
        if progress:
            progress(number, len(rows))


def _queries(ids: Mapping[str, str], fold: int) -> list[Query]:
    folds = _folds({query_group(text) for text in ids})
    splits = {fold: "test", (fold + 1) % FOLDS: "val"}
    return [
        Query(query_id=query_id, text=text, locale="en", split=splits.get(folds[group], "train"), group=group)
        for text, query_id in ids.items()
        if (group := query_group(text))
    ]


def query_group(text: str) -> str:
    """One name for spellings of one query: ``"Head set"``, ``"headsets"`` -> ``"headset"``."""
    return re.sub(r"\W", "", text.casefold()).removesuffix("s")


def _folds(groups: set[str]) -> dict[str, int]:
    """Group -> fold; sizes differ by one at most, and no file order or random state is involved."""
    ordered = sorted(groups, key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    return {group: place % FOLDS for place, group in enumerate(ordered)}
