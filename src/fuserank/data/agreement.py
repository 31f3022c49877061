"""Judgments of several people: one grade for each pair, and how far the people agree.

Krippendorff's alpha (Krippendorff 2004, "Content Analysis", ch. 11), ordinal, by the package `krippendorff`; Fleiss' kappa
(Fleiss 1971, Psychological Bulletin 76) by statsmodels, where every pair has the same number of people.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np

from fuserank.data.importers.cells import shown
from fuserank.data.importers.laid_judgments import grade_of
from fuserank.data.importers.lines import read_csv
from fuserank.errors import SchemaError, TooFewError
from fuserank.files import write_file

Pair = tuple[str, str]  # query id, product id
LONG = ("query_id", "product_id", "rater", "grade")
WIDE = (("query_id", "product_id"), ("query", "docid"))  # the two first columns of the wide form; every other is a person
LISTED = 10  # pairs with most disagreement


def _majority(grades: Sequence[int]) -> float:
    """The most frequent grade; of several, the lower middle one."""
    counts = Counter(grades)
    best = sorted(grade for grade, count in counts.items() if count == max(counts.values()))
    return best[(len(best) - 1) // 2]


HOW: Mapping[str, Callable[[Sequence[int]], float]] = {"median": median, "mean": fmean, "majority": _majority}


@dataclass(frozen=True)
class Agreement:
    """How far people agree.

    Attributes:
        pairs, raters: how many were judged, and how many judged.
        alpha: Krippendorff's, ordinal; 1 is full agreement, 0 chance; None where nobody's grades differ, or no pair has two.
        kappa: Fleiss'; None where pairs have different numbers of people, or all grades are the same.
        distances: person -> mean distance to the mean of the others on shared pairs, in grades; largest first.
        disputed: (query id, product id, grades) with the widest grades, at most 10.
    """

    pairs: int
    raters: int
    alpha: float | None
    kappa: float | None
    distances: dict[str, float]
    disputed: list[tuple[str, str, list[int]]]


Grades = dict[Pair, dict[str, int]]  # pair -> person -> grade


def read_grades(paths: Sequence[Path], max_grade: int) -> Grades:
    """Grades out of CSV files, each long (query_id, product_id, rater, grade) or wide (query_id, product_id, a column a person).

    Raises:
        SchemaError: a file is of neither form, a grade is out of range, or a person gives a pair two grades.
    """
    found: Grades = {}
    for path in paths:
        for where, pair, rater, text in _given(path):
            grade = grade_of(text, max_grade, where)
            if found.setdefault(pair, {}).setdefault(rater, grade) != grade:
                raise SchemaError(
                    f"{where}: {shown(rater)} gave {pair[0][:80]} / {pair[1][:80]} another grade before", todo="keep one"
                )
    if not found:
        raise TooFewError("no grade", allowed="CSV files with at least one grade", todo="is this the right folder?")
    return found


def _given(path: Path) -> Iterator[tuple[str, Pair, str, str]]:
    for line, row in read_csv(path, ()):
        where = f"{path.name} line {line}"
        if set(LONG) <= row.keys():
            yield where, (row["query_id"], row["product_id"]), row["rater"], row["grade"]
            continue
        keys = next((keys for keys in WIDE if set(keys) <= row.keys()), None)
        if keys is None:
            allowed = f"{', '.join(LONG)}; or query_id, product_id (or query, docid) and a column for each person"
            raise SchemaError(f"{path.name}: columns {shown(list(row))}", allowed=allowed, todo="rename the columns")
        for rater in row.keys() - set(keys):
            if row[rater].strip():
                yield where, (row[keys[0]], row[keys[1]]), path.stem if rater == "rating" else rater, row[rater]


def settle(grades: Grades, how: str) -> dict[Pair, int]:
    """One grade a pair, by a way of HOW; half a grade rounds up."""
    return {pair: int(np.floor(HOW[how](list(given.values())) + 0.5)) for pair, given in sorted(grades.items())}


def agreement(grades: Grades) -> Agreement:
    """Measure agreement."""
    raters = sorted({rater for given in grades.values() for rater in given})
    table = np.full((len(raters), len(grades)), np.nan)
    place = {rater: row for row, rater in enumerate(raters)}
    for column, given in enumerate(grades.values()):
        for rater, grade in given.items():
            table[place[rater], column] = grade
    wide = sorted(grades.items(), key=lambda item: (min(item[1].values()) - max(item[1].values()), item[0]))
    disputed = [(*pair, sorted(given.values())) for pair, given in wide[:LISTED] if len(set(given.values())) > 1]
    return Agreement(len(grades), len(raters), _alpha(table), _kappa(table), _distances(raters, grades), disputed)


def _alpha(table: np.ndarray) -> float | None:
    import krippendorff

    shared = table[:, (~np.isnan(table)).sum(axis=0) > 1]
    if len(np.unique(shared[~np.isnan(shared)])) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=shared, level_of_measurement="ordinal"))


def _kappa(table: np.ndarray) -> float | None:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    given = (~np.isnan(table)).sum(axis=0)
    if given.min() < 2 or given.min() != given.max() or len(np.unique(table[~np.isnan(table)])) < 2:
        return None
    counts, _ = aggregate_raters(np.array([column[~np.isnan(column)] for column in table.T], int))
    return float(fleiss_kappa(counts))


def _distances(raters: Sequence[str], grades: Grades) -> dict[str, float]:
    found: dict[str, list[float]] = {rater: [] for rater in raters}
    for given in grades.values():
        for rater, grade in given.items():
            if others := [other for name, other in given.items() if name != rater]:
                found[rater].append(abs(grade - fmean(others)))
    means = {rater: fmean(values) for rater, values in found.items() if values}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def write_grades(path: Path, grades: Mapping[Pair, int]) -> None:
    """Write `query_id,product_id,grade,source`, as the importer `table` reads judgments, durably."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("query_id", "product_id", "grade", "source"))
    writer.writerows((*pair, grade, "human") for pair, grade in grades.items())
    write_file(path, text.getvalue())
