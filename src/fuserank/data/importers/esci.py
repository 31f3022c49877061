"""Amazon's Shopping Queries Data Set (ESCI): queries of real shoppers, judged Exact, Substitute, Complement or Irrelevant.

Source folder: `shopping_queries_dataset_examples.parquet` (example_id, query, query_id, product_id, product_locale, esci_label,
small_version, large_version, split) and `shopping_queries_dataset_products.parquet` (product_id, product_title,
product_description, product_bullet_point, product_brand, product_color, product_locale).
Source: github.com/amazon-science/esci-data; Reddy et al. 2022, arXiv 2206.06588 (gains 1, 0.1, 0.01, 0 in its nDCG).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Manifest, Progress, write_dataset
from fuserank.data.importers.cells import shown
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.joins import check_joins
from fuserank.data.importers.parquet_rows import parquet_rows
from fuserank.data.target import target_folder
from fuserank.errors import SchemaError
from fuserank.types import SPLITS, Judgment, Product, Query

EXAMPLES, PRODUCTS = "shopping_queries_dataset_examples.parquet", "shopping_queries_dataset_products.parquet"
GRADES = {"I": 0, "C": 1, "S": 2, "E": 3}  # the order of the gains 0, 0.01, 0.1, 1
EXAMPLE = ("query", "query_id", "product_id", "product_locale", "esci_label", "split")
PRODUCT = ("product_id", "product_title", "product_description", "product_brand", "product_locale")
ALSO = ("product_bullet_point", "product_color")  # kept among the attributes
UNREAD = ("example_id", "large_version")  # say nothing about a shop
LOCALES = {"us": "en", "es": "es", "jp": "ja"}
VAL = 8  # one train query of so many is val, when the set has no val


def import_esci(
    source: Path, target: Path, *, locale: str = "us", small: bool = False, progress: Progress | None = None
) -> ImportedDataset:
    """Import one locale; every query ranks the products judged for it, and only judged products are kept.

    Args:
        source: the folder described above.
        target: the dataset folder to make or replace.
        locale: ``us``, ``es`` or ``jp``.
        small: only the examples of the task "query-product ranking" (`small_version` is 1).
        progress: called with (examples read, all examples).

    Raises:
        SchemaError: a file or a column is missing, a label or a split is none, a pair stands twice, or a product is not there.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    target_folder(target, source)
    if locale not in LOCALES:
        raise SchemaError(f"locale {shown(locale)}", allowed=", ".join(LOCALES), todo="choose another locale")
    notes: list[str] = []
    texts: dict[str, tuple[str, str]] = {}
    judgments: list[Judgment] = []
    columns = (*EXAMPLE, "small_version") if small else EXAMPLE
    for row, where in parquet_rows(source / EXAMPLES, columns, (*UNREAD, "small_version"), notes, progress):
        if row["product_locale"] == locale and (not small or row["small_version"] == 1):
            judgment, asked = _example(row, where)
            if texts.setdefault(judgment.query_id, asked) != asked:
                raise SchemaError(f"{where}: query {judgment.query_id} has other words or another split before", todo="correct it")
            judgments.append(judgment)
    products = list(_products(source, locale, {judgment.product_id for judgment in judgments}, notes))
    queries = _queries(texts, LOCALES[locale])
    check_joins(products, queries, judgments, max_grade=3)
    manifest = Manifest(
        name="esci", regime=locale, candidates="judged", origin="github.com/amazon-science/esci-data", licence="Apache-2.0"
    )
    return ImportedDataset.of(write_dataset(target, manifest, products=products, queries=queries, judgments=judgments), notes)


def _example(row: dict[str, Any], where: str) -> tuple[Judgment, tuple[str, str]]:
    label, split = row["esci_label"], row["split"]
    if label not in GRADES or split not in SPLITS:
        what, value = ("esci_label", label) if label not in GRADES else ("split", split)
        allowed = GRADES if label not in GRADES else SPLITS
        raise SchemaError(f"{where}: {what} {shown(value)}", allowed=", ".join(allowed), todo="correct the row")
    for name in ("query", "query_id", "product_id"):
        if row[name] is None or not str(row[name]).strip():
            raise SchemaError(f"{where}: {name} is empty", allowed="a value in every row", todo="drop the row")
    return Judgment(str(row["query_id"]), str(row["product_id"]), GRADES[label], "human"), (str(row["query"]), split)


def _products(source: Path, locale: str, wanted: set[str], notes: list[str]) -> Iterator[Product]:
    untitled = 0
    for row, _ in parquet_rows(source / PRODUCTS, PRODUCT, ALSO, notes, None):
        if row["product_locale"] != locale or str(row["product_id"]) not in wanted:
            continue
        title = row["product_title"] or ""
        untitled += not title.strip()
        kept = {name: row[name] for name in ALSO if row.get(name)}
        yield Product(
            product_id=str(row["product_id"]),
            title=title if title.strip() else str(row["product_id"]),
            description=row["product_description"] or "",
            brand=row["product_brand"] or "",
            locale=LOCALES[locale],
            attributes=json.dumps(kept, ensure_ascii=False, sort_keys=True),
        )
    if untitled:
        notes.append(f"{untitled} products have no title and show their id")


def _queries(texts: dict[str, tuple[str, str]], locale: str) -> list[Query]:
    deal = all(split != "val" for _, split in texts.values())
    return [
        Query(query_id, text, locale=locale, split="val" if deal and split == "train" and _drawn(text) else split, group=text)
        for query_id, (text, split) in texts.items()
    ]


def _drawn(text: str) -> bool:
    return int(hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest(), 16) % VAL == 0
