"""LETOR / SVMLight with features; see `fuserank.data.importers.letor` for the form and its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from fuserank.data.dataset import Dataset
from fuserank.data.importers.cells import shown
from fuserank.errors import InputError

NAMES = "features.txt"
Slates = Iterable[tuple[str, Sequence[str], np.ndarray, np.ndarray]]  # query, N products, grades (N,), features (N, F)


def export_letor(dataset: Dataset, folder: Path, *, slates: Mapping[str, Slates], names: Sequence[str]) -> list[str]:
    """Write a file for each split (`train.txt` …), and `features.txt` with the name of each feature, numbered from 1.

    Args:
        dataset: where the slates come from.
        folder: to write into.
        slates: split -> slates; features that are 0 are left out of their line, as the format allows.
        names: of the F features.

    Raises:
        InputError: an id is blank, or holds white space or ``#``, which the format cannot hold.
    """
    (folder / NAMES).write_text("".join(f"{number} {name}\n" for number, name in enumerate(names, 1)), encoding="utf-8")
    written = set()
    for split, found in slates.items():
        with (folder / f"{split}.txt").open("w", encoding="utf-8", newline="\n") as file:
            for query, products, grades, features in found:
                written.add(query)
                for product, grade, row in zip(products, grades, features, strict=True):
                    values = " ".join(f"{number + 1}:{row[number]:.9g}" for number in np.flatnonzero(row))
                    file.write(f"{int(grade)} qid:{_id(query)} {values} # {_id(product)}\n")
    left = len(dataset.queries) - len(written)
    notes = ["a product that is not judged stands with grade 0; products, events and words of queries are not in LETOR"]
    return notes + ([f"{left} queries are left out: not judged, or all their candidates have one grade"] if left else [])


def _id(text: str) -> str:
    if text.split() != [text] or "#" in text:
        raise InputError(f"id {shown(text)}", allowed="ids without white space and #", todo="choose another format")
    return text
