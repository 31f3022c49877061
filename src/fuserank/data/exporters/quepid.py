"""Quepid's judgments as CSV; see `fuserank.data.importers.quepid` for the form and its source."""

from __future__ import annotations

import csv
from pathlib import Path

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.quepid import COLUMNS, ids_of_words

FILE = "judgments.csv"


def export_quepid(dataset: Dataset, folder: Path) -> list[str]:
    """Write the judgments of queries that can be told by their words to `judgments.csv`."""
    words = {query_id: text for text, query_id in ids_of_words(dataset)[0].items()}
    left: set[str] = set()
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows_of(dataset, "judgments"):
            if row["query_id"] in words:
                writer.writerow((words[row["query_id"]], row["product_id"], row["grade"]))
            else:
                left.add(row["query_id"])
    notes = ["products, events, ids of queries and the source of judgments are not in Quepid's CSV"]
    return notes + ([f"{len(left)} queries without words, or with words of another query, are left out"] if left else [])
