"""TREC qrels (``query iteration product grade``) and runs (``query Q0 product rank score tag``), white space between the fields.

Source: trec_eval 9 README, github.com/usnistgov/trec_eval ("rel_info_file", "results file").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Progress
from fuserank.data.importers.cells import shown
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_judgments import Duplicates, LaidJudgments, Unknown
from fuserank.data.importers.lines import read_lines
from fuserank.data.importers.onto import lay_judgments, opened
from fuserank.errors import SchemaError
from fuserank.types import Run

QRELS = ("query", "iteration", "product", "grade")
RUN = ("query", "Q0", "product", "rank", "score", "tag")
STEP = 10_000  # lines between two calls of progress


def import_trec(
    source: Path,
    target: Path,
    *,
    onto: Path,
    duplicates: Duplicates = "error",
    unknown: Unknown = "error",
    judged_by: str = "human",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Lay TREC qrels onto a dataset.

    Args:
        source: the qrels file, plain or gzipped.
        target: the dataset folder to make or replace.
        onto: the dataset that has the queries and products; it is not changed.
        duplicates, unknown, judged_by: see `LaidJudgments`.
        progress: called with (lines read, lines read).

    Raises:
        SchemaError: a line is no judgment; it names file and line.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    dataset = opened(onto, source, target)
    laid = LaidJudgments(dataset, source.name, duplicates, unknown, judged_by)
    for number, line in read_lines(source):
        query, _, product, grade = _fields(line, QRELS, f"{source.name} line {number}")
        laid.add(number, query, product, grade)
        if progress and number % STEP == 0:
            progress(number, number)
    return lay_judgments(dataset, laid, target, [])


def read_run(path: Path) -> Run:
    """A run in TREC's form; products of a query are ordered by score, as trec_eval does, not by the rank that stands there.

    Raises:
        SchemaError: a line is none of a run, a score is not finite, or a product stands twice for a query.
    """
    found: dict[str, dict[str, float]] = {}
    tag = path.stem
    for number, line in read_lines(path):
        where = f"{path.name} line {number}"
        query, _, product, _, score, tag = _fields(line, RUN, where)
        if product in found.setdefault(query, {}):
            raise SchemaError(f"{where}: product {shown(product)} twice for query {shown(query)}", todo="drop one of the lines")
        found[query][product] = _score(score, where)
    return Run(tag, {query: _ranking(scores) for query, scores in found.items()})


def _ranking(scores: dict[str, float]) -> tuple[list[str], np.ndarray]:
    order = sorted(scores, key=lambda product: -scores[product])
    return order, np.array([scores[product] for product in order], np.float32)


def _score(text: str, where: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = float("nan")
    if not np.isfinite(np.float32(score) if abs(score) < 1e38 else np.nan):
        raise SchemaError(f"{where}: score {shown(text)}", allowed="a finite number", todo="correct the score")
    return score


def _fields(line: str, names: Sequence[str], where: str) -> list[str]:
    fields = line.split()
    if len(fields) != len(names):
        raise SchemaError(
            f"{where}: {len(fields)} fields in {shown(line)}",
            allowed=f"{len(names)} fields with white space between them: {' '.join(names)}",
            todo="is this the right file?",
        )
    return fields
