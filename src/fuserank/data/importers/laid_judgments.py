"""Judgments laid onto a dataset, row by row and in 13 bytes each: ids become numbers, so that millions fit."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
import pyarrow as pa

from fuserank.data.dataset import Dataset
from fuserank.data.importers.cells import shown
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, SOURCES, Query

Duplicates = Literal["error", "first", "last", "max", "mean", "median"]
Unknown = Literal["error", "skip"]
ROWS = 65_536  # of a batch that is written

# Grades of one pair in file order -> its grade; half a grade rounds up.
_FOLDS: Mapping[str, Callable[[np.ndarray], float]] = {
    "first": lambda grades: grades[0],
    "last": lambda grades: grades[-1],
    "max": np.max,
    "mean": np.mean,
    "median": np.median,
}


def fold(grades: np.ndarray, how: str) -> int:
    """Grades (n,) of one pair as one grade, by the name of a policy other than ``error``; half a grade rounds up."""
    return int(np.floor(_FOLDS[how](grades) + 0.5))


class LaidJudgments:
    """Takes judgments and gives them back as batches in the order of queries and products.

    Args:
        dataset: whose queries and products are judged.
        file: named in errors.
        duplicates: what becomes of a pair with different grades.
        unknown: whether an id that the dataset does not hold is an error, or is counted and left out.
        judged_by: one of SOURCES.
    """

    def __init__(self, dataset: Dataset, file: str, duplicates: Duplicates, unknown: Unknown, judged_by: str) -> None:
        if judged_by not in SOURCES:
            raise SchemaError(f"judged_by {shown(judged_by)}", allowed=", ".join(SOURCES), todo="choose another source")
        self._source = judged_by
        self._queries = {query.query_id: place for place, query in enumerate(dataset.queries)}
        self._products = {product.product_id: place for place, product in enumerate(dataset.products)}
        self._max, self._file, self._duplicates, self._unknown = dataset.manifest.max_grade, file, duplicates, unknown
        self._pairs, self._grades, self._lines = array("q"), array("b"), array("I")
        self.skipped = 0

    def add(self, line: int, query_id: str, product_id: str, grade: str) -> None:
        """Take one judgment.

        Raises:
            SchemaError: an unknown id where that is an error, or a grade that is no whole number of 0 .. max_grade.
        """
        where = f"{self._file} line {line}"
        query, product = self._queries.get(query_id), self._products.get(product_id)
        if query is None or product is None:
            if self._unknown == "skip":
                self.skipped += 1
                return
            what, value = ("query", query_id) if query is None else ("product", product_id)
            raise SchemaError(
                f"{where}: {what} {shown(value)} is not in the dataset",
                allowed="ids of the dataset that --onto names",
                todo="correct it, or leave such lines out by --unknown skip",
            )
        self._pairs.append(query * len(self._products) + product)
        self._grades.append(grade_of(grade, self._max, where))
        self._lines.append(line)

    def batches(self) -> Iterator[pa.Table]:
        """Judgments of distinct pairs, at most 65,536 rows each.

        Raises:
            SchemaError: there is none, or a pair has different grades and the policy is ``error``.
        """
        pairs, grades = self.folded()
        query_ids, product_ids = list(self._queries), list(self._products)
        for start in range(0, len(pairs), ROWS):
            part = pairs[start : start + ROWS]
            columns = {
                "query_id": [query_ids[code] for code in part // len(product_ids)],
                "product_id": [product_ids[code] for code in part % len(product_ids)],
                "grade": grades[start : start + ROWS],
                "source": [self._source] * len(part),
            }
            yield pa.table(columns, schema=SCHEMAS["judgments"])

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Pair codes (n,) int64 ascending without repeats, and their grades (n,) int8."""
        pairs = np.frombuffer(self._pairs, np.int64) if self._pairs else np.zeros(0, np.int64)
        if not len(pairs):
            raise SchemaError(
                f"{self._file}: no judgment of this dataset ({self.skipped} lines of unknown ids)",
                allowed="at least one judged pair",
                todo="is this the right file, and the right dataset?",
            )
        order = np.argsort(pairs, kind="stable")
        pairs, grades = pairs[order], np.frombuffer(self._grades, np.int8)[order]
        starts = np.flatnonzero(np.r_[True, pairs[1:] != pairs[:-1]])
        ends = np.r_[starts[1:], len(pairs)]
        kept = grades[starts].copy()
        for place in np.flatnonzero(np.maximum.reduceat(grades, starts) != np.minimum.reduceat(grades, starts)):
            rows = slice(starts[place], ends[place])
            kept[place] = self._settled(order[rows], grades[rows])
        return pairs[starts], kept

    def judged(self, queries: list[Query]) -> list[Query]:
        """Those of `queries`, in file order, that have a judgment."""
        places = set(np.unique(np.frombuffer(self._pairs, np.int64) // len(self._products)).tolist())
        return [query for place, query in enumerate(queries) if place in places]

    def _settled(self, rows: np.ndarray, grades: np.ndarray) -> int:
        if self._duplicates != "error":
            return fold(grades, self._duplicates)
        first = int(rows[0])
        other = next(int(row) for row, grade in zip(rows, grades, strict=True) if grade != grades[0])
        query, product = divmod(self._pairs[first], len(self._products))
        pair = f"{shown(list(self._queries)[query])} / {shown(list(self._products)[product])}"
        raise SchemaError(
            f"{self._file} line {self._lines[other]}: grade {self._grades[other]} for {pair}, which has {self._grades[first]} in "
            f"line {self._lines[first]}",
            allowed="one grade a pair",
            todo="choose one: --duplicates first, last, max, mean or median",
        )


def grade_of(text: str, max_grade: int, where: str) -> int:
    """A grade, also written as ``2.0``.

    Raises:
        SchemaError: no whole number of 0 .. `max_grade`.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not number.is_integer() or not 0 <= number <= max_grade:
        raise SchemaError(f"{where}: grade {shown(text)}", allowed=f"0 .. {max_grade}", todo="correct the grade")
    return int(number)
