"""The query tuples of the fashion benchmark and the attribute rule that grades them.

A query is a tuple over gender, baseColour, usage and articleType. With m constraints besides articleType:
3 = articleType and all m hold; 2 = articleType and m - 1 hold (m >= 2); 1 = articleType otherwise, or the same subCategory with all
m; 0 = anything else. Unisex satisfies any gender.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fuserank.data.importers.fashion_chinese import chinese_query
from fuserank.data.importers.source_tables import Row, read_rows
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, SPLITS, Query

CONSTRAINTS = ("gender", "baseColour", "usage")
# Grade-3 products a query must have on its side. With 1 and 2, 515 train and 143 test queries remain, as in the published figures.
LEAST_FULL = {"train": 1, "val": 2, "test": 2}


def judge(path: Path, rows: Sequence[Row], *, chinese: bool = False) -> tuple[list[Query], pa.Table, list[str]]:
    """Grade the benchmark's queries on their own side.

    Args:
        path: the benchmark's queries.csv.
        rows: products with id, split, articleType, subCategory and CONSTRAINTS.
        chinese: word the tuples in Chinese instead of the file's English text.

    Returns:
        The queries that are kept, their judgments of grade 1 and more, and a sentence for every reason to leave some out.

    Raises:
        SchemaError: the file or a column is missing, or a part is not one of SPLITS.
    """
    asked = read_rows(path, ("query_id", "text", "part", "articleType", *CONSTRAINTS))
    unknown = {row["part"] for row in asked} - set(SPLITS)
    if unknown:
        raise SchemaError(f"{path.name}: parts {sorted(unknown)}", allowed=", ".join(SPLITS), todo="take the whole download")
    if chinese:
        asked = [row | {"text": chinese_query(row)} for row in asked]
    columns = {key: np.array([row[key] for row in rows]) for key in ("id", "split", "articleType", "subCategory", *CONSTRAINTS)}
    above = _subcategories(rows)
    grades = {
        row["query_id"]: np.where(columns["split"] == row["part"], grade(row, columns, above.get(row["articleType"], "")), 0)
        for row in asked
    }
    enough = [row for row in asked if np.count_nonzero(grades[row["query_id"]] == 3) >= LEAST_FULL[row["part"]]]
    later = _texts_of_later_parts(asked)
    kept = [row for row in enough if row["text"] not in later[row["part"]]]
    warnings = [
        f"{len(asked) - len(enough)} queries have too few products of grade 3 on their side and were left out",
        f"{len(enough) - len(kept)} queries repeat the text of a query of a later part and were left out",
    ]
    return [_query(row, "zh" if chinese else "en") for row in kept], _judgments(kept, grades, columns["id"]), warnings


def grade(query: Row, products: Mapping[str, np.ndarray], sub_category: str) -> np.ndarray:
    """Grades of one query by the attribute rule.

    Args:
        query: articleType and CONSTRAINTS; "" asks for nothing.
        products: articleType, subCategory and CONSTRAINTS, each (N,).
        sub_category: the one that the query's articleType lies in.

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


def _query(row: Row, locale: str) -> Query:
    group = ";".join(f"{key}={row[key]}" for key in ("articleType", *CONSTRAINTS) if row[key])
    return Query(query_id=row["query_id"], text=row["text"], locale=locale, split=row["part"], group=group)


def _subcategories(rows: Sequence[Row]) -> dict[str, str]:
    """articleType -> the subCategory that most of its products have."""
    pairs = Counter((row["articleType"], row["subCategory"]) for row in rows)
    return {kind: sub for (kind, sub), _ in sorted(pairs.items(), key=lambda item: (item[1], item[0]))}


def _texts_of_later_parts(asked: Sequence[Row]) -> dict[str, set[str]]:
    """part -> texts that also stand in a part nearer to the test: keeping them would show the test's words to the training."""
    texts = {part: {row["text"] for row in asked if row["part"] == part} for part in SPLITS}
    return {"train": texts["val"] | texts["test"], "val": texts["test"], "test": set()}


def _judgments(kept: Sequence[Row], grades: Mapping[str, np.ndarray], product_ids: np.ndarray) -> pa.Table:
    """The judgments table of all kept queries, built column by column."""
    query_ids = np.array([row["query_id"] for row in kept], dtype=str)
    table = np.stack([grades[query_id] for query_id in query_ids]) if len(kept) else np.zeros((0, len(product_ids)), int)
    at_query, at_product = np.nonzero(table)
    columns = {
        "query_id": query_ids[at_query],
        "product_id": product_ids[at_product],
        "grade": table[at_query, at_product].astype(np.int32),
        "source": np.full(len(at_query), "attribute_rule"),
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()}, schema=SCHEMAS["judgments"])
