"""WANDS' three files; see `fuserank.data.importers.wands` for the form and its source."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.wands import CLASS, FEATURES, GRADES, HIERARCHY
from fuserank.errors import InputError
from fuserank.types import Product

COLUMNS = ("product_id", "product_name", CLASS, HIERARCHY[0], "product_description", FEATURES, "rating_count", "average_rating")


def export_wands(dataset: Dataset, folder: Path) -> list[str]:
    """Write products, queries with words, and their judgments.

    Raises:
        InputError: `max_grade` is not 2: there are three labels.
    """
    if dataset.manifest.max_grade != max(GRADES.values()):
        raise InputError(f"max_grade {dataset.manifest.max_grade}", allowed="2, for three labels", todo="choose another format")
    labels = {grade: label for label, grade in GRADES.items()}
    words = {query.query_id: query.text for query in dataset.queries if query.text}
    judged = [row for row in rows_of(dataset, "judgments") if row["query_id"] in words]
    _write(folder / "product.csv", COLUMNS, (_row(product) for product in dataset.products))
    _write(folder / "query.csv", ("query_id", "query", "query_class"), ((*pair, "") for pair in words.items()))
    rows = ((number, row["query_id"], row["product_id"], labels[row["grade"]]) for number, row in enumerate(judged))
    _write(folder / "label.csv", ("id", "query_id", "product_id", "label"), rows)
    notes = ["brand, price, splits, pictures, sounds, events and the source of judgments are not in WANDS"]
    left = len(dataset.queries) - len(words)
    return notes + ([f"{left} queries without words are left out"] if left else [])


def _row(product: Product) -> tuple[Any, ...]:
    kept = json.loads(product.attributes or "{}")
    kept = kept if isinstance(kept, dict) else {}
    numbers = (product.popularity, product.rating)
    shown = ("" if number is None else repr(number) for number in numbers)
    said = (product.title, kept.get(CLASS, ""), product.category, product.description, kept.get(FEATURES, ""))
    return product.product_id, *said, *shown


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
