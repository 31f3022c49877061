"""Fashion catalogue photos with titles; grades by an attribute rule over fixed query tuples.

Source folder: `products.csv` (id, attributes, productDisplayName, batch), `images/<id>.webp`, and `benchmark/` with the fixed
query tuples (`queries.csv`) and the sides and shortened titles of the core products (`products.csv`).

A query is a tuple over gender, baseColour, usage and articleType. With m constraints besides articleType:
3 = articleType and all m hold; 2 = articleType and m - 1 hold (m >= 2); 1 = articleType otherwise, or the same subCategory with all
m; 0 = anything else. Unisex satisfies any gender. Attributes are labels and never features.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.media_folder import MediaFolder
from fuserank.data.importers.source_tables import Row, read_rows
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Product, Query

REGIMES = ("full", "no_colour", "no_colour_type")
BATCHES = ("core", "late")
CONSTRAINTS = ("gender", "baseColour", "usage")
ATTRIBUTES = ("gender", "masterCategory", "subCategory", "articleType", "baseColour", "season", "year", "usage")
_SIDES = {"fit": "train", "val": "val", "test": "test"}
# Grade-3 products a query must have on its side. With 1 and 2 these give the 515 train and 143 test queries of the published
# benchmark figures.
LEAST_FULL = {"train": 1, "val": 2, "test": 2}


def import_fashion(
    source: Path, target: Path, *, regime: str = "full", batch: str = "core", progress: Progress | None = None
) -> ImportedDataset:
    """Import one title regime of the core batch with its queries, or the products of the late batch.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        regime: one of REGIMES; titles in full, without colour words, or without colour and type words.
        batch: one of BATCHES; "late" has full titles only and no queries.
        progress: called with (products read, all products).

    Raises:
        SchemaError: a file or a column is missing, or an option is not allowed.
    """
    _check_option("regime", regime, REGIMES if batch == "core" else REGIMES[:1])
    _check_option("batch", batch, BATCHES)
    rows = [
        row
        for row in read_rows(source / "products.csv", ("id", "productDisplayName", "batch", *ATTRIBUTES))
        if row["batch"] == batch
    ]
    sides: dict[str, Row] = {}
    if batch == "core":
        titles = f"title_{regime}"
        sides = {row["product_id"]: row for row in read_rows(source / "benchmark/products.csv", ("product_id", "side", titles))}
        rows = [row for row in rows if row["id"] in sides]
        if len(rows) < len(sides):
            raise SchemaError(
                f"{len(sides) - len(rows)} products of benchmark/products.csv are not in products.csv",
                todo="take both files from the same download",
            )
    media = MediaFolder(source / "images")
    products = []
    for row in rows:
        side = sides.get(row["id"])
        products.append(
            Product(
                product_id=row["id"],
                title=side[titles] if side else row["productDisplayName"],
                locale="en",
                attributes=json.dumps({key: row[key] for key in ATTRIBUTES}, sort_keys=True),
                image=media.add(f"{row['id']}.webp"),
                split=_SIDES[side["side"]] if side else None,
            )
        )
        if progress:
            progress(len(products), len(rows))
    queries, judgments, warnings = (
        _judge(source, rows, products) if batch == "core" else ([], SCHEMAS["judgments"].empty_table(), [])
    )
    manifest = Manifest(
        name="fashion" if batch == "core" else "fashion-late",
        regime=regime,
        origin="Kaggle 'fashion-product-images' (Myntra); grades by the attribute rule of fuserank.data.importers.fashion",
        licence="unverified: development use only",
    )
    dataset = write_dataset(target, manifest, products=products, queries=queries, judgments=judgments, media=media.read())
    return ImportedDataset.of(dataset, warnings)


def _check_option(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SchemaError(f"{name} {value!r}", allowed=", ".join(allowed), todo=f"choose another {name}")


def _judge(source: Path, rows: list[Row], products: list[Product]) -> tuple[list[Query], pa.Table, list[str]]:
    """The benchmark's queries and their grades on their own side."""
    columns = {key: np.array([row[key] for row in rows]) for key in ("articleType", "subCategory", *CONSTRAINTS)}
    splits, ids = np.array([product.split for product in products]), np.array([product.product_id for product in products])
    asked = read_rows(source / "benchmark/queries.csv", ("query_id", "text", "part", "articleType", *CONSTRAINTS))
    above = _subcategories(rows)
    queries: list[Query] = []
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    ambiguous = _texts_of_later_parts(asked)
    few = 0
    for row in asked:
        grades = np.where(splits == row["part"], grade(row, columns, above.get(row["articleType"], "")), 0)
        if np.count_nonzero(grades == 3) < LEAST_FULL[row["part"]]:
            few += 1
            continue
        if row["text"] in ambiguous.get(row["part"], ()):
            continue
        group = ";".join(f"{key}={row[key]}" for key in ("articleType", *CONSTRAINTS) if row[key])
        queries.append(Query(query_id=row["query_id"], text=row["text"], locale="en", split=row["part"], group=group))
        hit = np.flatnonzero(grades)
        found.append((row["query_id"], ids[hit], grades[hit]))
    warnings = [
        f"{few} queries have too few products of grade 3 on their side and were left out",
        f"{len(asked) - few - len(queries)} queries repeat the text of a query of a later part and were left out",
    ]
    return queries, _table(found), warnings


def grade(query: Row, products: dict[str, np.ndarray], sub_category: str) -> np.ndarray:
    """Grades of one query by the attribute rule.

    Args:
        query: articleType and CONSTRAINTS; "" asks for nothing.
        products: articleType, subCategory and CONSTRAINTS, each (N,).
        sub_category: the query's articleType lies in it.

    Returns:
        int (N,), 0..3.
    """
    asked = [key for key in CONSTRAINTS if query[key]]
    held = np.zeros(len(products["articleType"]), int)
    for key in asked:
        holds = products[key] == query[key]
        held += holds | (products[key] == "Unisex") if key == "gender" else holds
    same_type = products["articleType"] == query["articleType"]
    full = held == len(asked)
    near = (held == len(asked) - 1) & (len(asked) >= 2)
    sibling = (products["subCategory"] == sub_category) & full
    return np.where(same_type, np.where(full, 3, np.where(near, 2, 1)), sibling.astype(int))


def _subcategories(rows: list[Row]) -> dict[str, str]:
    """articleType -> the subCategory that most of its products have."""
    pairs = Counter((row["articleType"], row["subCategory"]) for row in rows)
    return {kind: sub for (kind, sub), _ in sorted(pairs.items(), key=lambda item: (item[1], item[0]))}


def _texts_of_later_parts(asked: list[Row]) -> dict[str, set[str]]:
    """part -> texts that also stand in a part nearer to the test: keeping them would show the test's words to the training."""
    texts = {part: {row["text"] for row in asked if row["part"] == part} for part in LEAST_FULL}
    return {"train": texts["val"] | texts["test"], "val": texts["test"]}


def _table(found: list[tuple[str, np.ndarray, np.ndarray]]) -> pa.Table:
    sizes = [len(ids) for _, ids, _ in found]
    columns = [
        np.repeat([query_id for query_id, _, _ in found], sizes),
        np.concatenate([ids for _, ids, _ in found]),
        np.concatenate([grades for *_, grades in found]).astype(np.int32),
        np.repeat(["attribute_rule"], sum(sizes)),
    ]
    return pa.table([pa.array(column) for column in columns], schema=SCHEMAS["judgments"])
