"""WANDS, Wayfair's annotated searches: queries judged Exact, Partial or Irrelevant by people, products in text and numbers.

Source folder: `product.csv` (product_id, product_name, product_class, category hierarchy, product_description, product_features,
rating_count, average_rating, review_count), `query.csv` (query_id, query, query_class), `label.csv` (id, query_id, product_id,
label), all separated by tabs. Source: github.com/wayfair/WANDS (MIT); Chen et al. 2022, ECIR.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.cells import parse_cell, shown
from fuserank.data.importers.dealt_splits import deal
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.laid_judgments import Duplicates, fold
from fuserank.data.importers.lines import read_csv
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Judgment, Product, Query

GRADES = {"Irrelevant": 0, "Partial": 1, "Exact": 2}
HIERARCHY = ("category hierarchy", "category_hierarchy")  # as the file has it, and as its description calls it
PRODUCT = ("product_id", "product_name", "product_class", "product_description", "product_features")
READ = (*PRODUCT, *HIERARCHY, "rating_count", "average_rating")
CLASS, FEATURES = "product_class", "product_features"  # keys of attributes


def import_wands(
    source: Path, target: Path, *, duplicates: Duplicates = "error", progress: Progress | None = None
) -> ImportedDataset:
    """Import WANDS; every query ranks the products judged for it. Queries are dealt to splits 70 / 10 / 20 by their words.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        duplicates: what becomes of a pair with different labels.
        progress: called with (labels read, labels read).

    Raises:
        SchemaError: a file or a column is missing, or a row is not as it must be; it names file and line.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    notes: list[str] = []
    products = list(_products(source / "product.csv", notes))
    texts: dict[str, str] = {}
    for line, row in read_csv(source / "query.csv", ("query_id", "query"), separator="\t"):
        if texts.setdefault(row["query_id"], row["query"]) != row["query"]:
            raise SchemaError(f"query.csv line {line}: query {shown(row['query_id'])} stands twice", todo="drop one of the lines")
        if len(row) > 2 and len(texts) == 1:
            notes += [f"query.csv: column {shown(name)} is not used" for name in row if name not in ("query_id", "query")]
    judgments = _labels(source / "label.csv", duplicates, progress)
    judged = {judgment.query_id for judgment in judgments}
    if left := len(texts.keys() - judged):
        notes.append(f"{left} queries are not judged and are left out")
    splits = deal(_group(texts[query]) for query in texts if query in judged)
    queries = [
        Query(query, text, locale="en", split=splits[_group(text)], group=_group(text))
        for query, text in texts.items()
        if query in judged
    ]
    check_joins(products, queries, judgments, max_grade=2)
    manifest = Manifest(
        name="wands", candidates="judged", max_grade=2, relevant_grade=1, origin="github.com/wayfair/WANDS", licence="MIT"
    )
    return ImportedDataset.of(write_dataset(target, manifest, products=products, queries=queries, judgments=judgments), notes)


def _group(text: str) -> str:
    return " ".join(text.casefold().split())


def _products(path: Path, notes: list[str]) -> Iterator[Product]:
    schema, first = SCHEMAS["products"], True
    for line, row in read_csv(path, PRODUCT, separator="\t"):
        if first:
            first = False
            notes += [f"product.csv: column {shown(name)} is not used" for name in row if name not in READ]
        where = f"product.csv line {line}"
        kept = {name: row[name] for name in (CLASS, FEATURES) if row[name]}
        yield Product(
            product_id=parse_cell(row["product_id"], schema.field("product_id"), f"{where}, product_id"),
            title=parse_cell(row["product_name"], schema.field("title"), f"{where}, product_name"),
            description=row["product_description"],
            category=next((row[name] for name in HIERARCHY if name in row), ""),
            rating=parse_cell(row.get("average_rating"), schema.field("rating"), f"{where}, average_rating"),
            popularity=parse_cell(row.get("rating_count"), schema.field("popularity"), f"{where}, rating_count"),
            locale="en",
            attributes=json.dumps(kept, ensure_ascii=False, sort_keys=True),
        )


def _labels(path: Path, duplicates: Duplicates, progress: Progress | None) -> list[Judgment]:
    found: dict[tuple[str, str], list[int]] = {}
    for line, row in read_csv(path, ("query_id", "product_id", "label"), separator="\t"):
        if row["label"] not in GRADES:
            raise SchemaError(
                f"label.csv line {line}: label {shown(row['label'])}", allowed=", ".join(GRADES), todo="correct the label"
            )
        grade = GRADES[row["label"]]
        before = found.setdefault((row["query_id"], row["product_id"]), [])
        if duplicates == "error" and before and before[0] != grade:
            raise SchemaError(
                f"label.csv line {line}: {row['label']} for {shown(row['query_id'])} / {shown(row['product_id'])}, labelled "
                "otherwise before",
                allowed="one label a pair",
                todo="choose one: --duplicates first, last, max, mean or median",
            )
        before.append(grade)
        if progress:
            progress(line, line)
    how = "first" if duplicates == "error" else duplicates
    return [Judgment(query, product, fold(np.array(grades), how), "human") for (query, product), grades in found.items()]
