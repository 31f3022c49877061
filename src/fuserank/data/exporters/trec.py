"""TREC qrels and runs; see `fuserank.data.importers.trec` for the form and its source."""

from __future__ import annotations

from pathlib import Path

from fuserank.data.dataset import Dataset
from fuserank.data.exporters.table_rows import rows_of
from fuserank.data.importers.cells import shown
from fuserank.errors import InputError
from fuserank.files import write_file
from fuserank.types import Run

QRELS = "qrels.txt"


def export_trec(dataset: Dataset, folder: Path) -> list[str]:
    """Write the judgments to `qrels.txt`.

    Raises:
        InputError: an id is blank or holds white space, which the format cannot hold.
    """
    with (folder / QRELS).open("w", encoding="utf-8", newline="\n") as file:
        for row in rows_of(dataset, "judgments"):
            file.write(f"{_one_word(row['query_id'])} 0 {_one_word(row['product_id'])} {row['grade']}\n")
    return ["products, queries, events and the source of judgments are not in TREC qrels"]


def write_run(path: Path, run: Run) -> None:
    """Write a run durably; scores keep all digits of a float32.

    Raises:
        InputError: an id or the name is blank or holds white space.
    """
    tag = "-".join(run.name.split()) or "run"
    lines = [
        f"{_one_word(query)} Q0 {_one_word(product)} {place} {float(score)!r} {tag}\n"
        for query, (products, scores) in run.rankings.items()
        for place, (product, score) in enumerate(zip(products, scores, strict=True), 1)
    ]
    write_file(path, "".join(lines))


def _one_word(text: str) -> str:
    if text.split() != [text]:
        raise InputError(f"id {shown(text)}", allowed="ids without white space", todo="choose another format, such as huggingface")
    return text
