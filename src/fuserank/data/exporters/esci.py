"""ESCI's two Parquet files; see `fuserank.data.importers.esci` for the form and its source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.esci import ALSO, EXAMPLES, GRADES, LOCALES, PRODUCTS
from fuserank.errors import InputError
from fuserank.types import Product


def export_esci(dataset: Dataset, folder: Path) -> list[str]:
    """Write judgments, with the words of their queries, and products. The locale of a query or product that names none is ``us``.

    Raises:
        InputError: `max_grade` is not 3: there are four labels.
    """
    if dataset.manifest.max_grade != max(GRADES.values()):
        raise InputError(
            f"max_grade {dataset.manifest.max_grade}", allowed="3, for the labels E, S, C, I", todo="choose another format"
        )
    labels, locales = {grade: label for label, grade in GRADES.items()}, {ours: theirs for theirs, ours in LOCALES.items()}
    queries = {query.query_id: query for query in dataset.queries if query.text}
    places = {product.product_id: locales.get(product.locale[:2], "us") for product in dataset.products}
    examples: list[dict[str, Any]] = []
    left: set[str] = set()
    for number, row in enumerate(rows_of(dataset, "judgments")):
        query = queries.get(row["query_id"])
        if query is None:
            left.add(row["query_id"])
            continue
        examples.append(
            {
                "example_id": number,
                "query": query.text,
                "query_id": query.query_id,
                "product_id": row["product_id"],
                "product_locale": places[row["product_id"]],
                "esci_label": labels[row["grade"]],
                "small_version": 1,
                "large_version": 1,
                "split": query.split,
            }
        )
    pq.write_table(pa.Table.from_pylist(examples), folder / EXAMPLES)
    pq.write_table(pa.Table.from_pylist([_row(p, places[p.product_id]) for p in dataset.products]), folder / PRODUCTS)
    notes = ["category, price, rating, popularity, pictures, sounds, events and the source of judgments are not in ESCI"]
    return notes + ([f"{len(left)} queries without words are left out"] if left else [])


def _row(product: Product, locale: str) -> dict[str, Any]:
    kept = json.loads(product.attributes or "{}")
    also = {name: kept.get(name) if isinstance(kept, dict) else None for name in ALSO}
    return {
        "product_id": product.product_id,
        "product_title": product.title,
        "product_description": product.description or None,
        "product_brand": product.brand or None,
        "product_locale": locale,
        **{name: value if isinstance(value, str) else None for name, value in also.items()},
    }
