"""Quepid's judgments: CSV with the columns ``query`` (its words), ``docid`` and ``rating``.

Source: github.com/o19s/quepid, export "basic" of ratings (changelog 6.2: "follows the standard query,docid,rating").
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fuserank.data.dataset import Dataset, Progress
from fuserank.data.importers.cells import shown
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_judgments import Duplicates, LaidJudgments, Unknown
from fuserank.data.importers.lines import read_csv
from fuserank.data.importers.onto import lay_judgments, opened
from fuserank.errors import SchemaError

COLUMNS = ("query", "docid", "rating")


def import_quepid(
    source: Path,
    target: Path,
    *,
    onto: Path,
    duplicates: Duplicates = "error",
    unknown: Unknown = "error",
    judged_by: str = "human",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Lay Quepid's judgments onto a dataset; queries are found by their words. Rows without a rating are counted and left out.

    Args:
        source: the CSV file.
        target: the dataset folder to make or replace.
        onto: the dataset that has the queries and products; it is not changed.
        duplicates, unknown, judged_by: see `LaidJudgments`.
        progress: called with (rows read, rows read).

    Raises:
        SchemaError: a column is missing, a row is no judgment, or two queries of the dataset have the same words.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    dataset = opened(onto, source, target)
    laid = LaidJudgments(dataset, source.name, duplicates, unknown, judged_by)
    ids, shared = ids_of_words(dataset)
    notes, unrated, named = [], 0, False
    for number, row in read_csv(source, COLUMNS):
        if not named:
            named = True
            notes += [f"column {shown(column)} is not used" for column in row if column not in COLUMNS]
        if not row["rating"].strip():
            unrated += 1
            continue
        if row["query"] in shared:
            raise SchemaError(
                f"{source.name} line {number}: {shared[row['query']]} queries of the dataset ask {shown(row['query'])}",
                allowed="words of one query",
                todo="use a format that names queries by id, such as trec",
            )
        laid.add(number, ids.get(row["query"], f"words: {row['query']}"), row["docid"], row["rating"])
        if progress:
            progress(number, number)
    if unrated:
        notes.append(f"{unrated} rows without a rating are left out")
    return lay_judgments(dataset, laid, target, notes)


def ids_of_words(dataset: Dataset) -> tuple[dict[str, str], dict[str, int]]:
    """Words -> id of the query that alone asks them; words of several queries -> how many ask them. Queries without words are in
    neither."""
    counts = Counter(query.text for query in dataset.queries if query.text)
    ids = {query.text: query.query_id for query in dataset.queries if counts[query.text] == 1}
    return ids, {text: count for text, count in counts.items() if count > 1}
