"""LETOR / SVMLight judgments: ``grade qid:QUERY 1:0.5 2:0.1 … # PRODUCT``; features are those of somebody else and are not used.

Sources: Joachims, SVM-light (svmlight.joachims.org); Qin & Liu 2013, LETOR 4.0, arXiv 1306.2597 (``#docid = PRODUCT inc = …``).
scikit-learn's reader gives neither comments nor ids that are no whole numbers, so the lines are read here.
"""

from __future__ import annotations

import re
from pathlib import Path

from fuserank.data.dataset import Progress
from fuserank.data.importers.cells import shown
from fuserank.data.importers.imported import ImportedDataset
from fuserank.data.importers.laid_judgments import Duplicates, LaidJudgments, Unknown
from fuserank.data.importers.lines import read_lines
from fuserank.data.importers.onto import lay_judgments, opened
from fuserank.errors import SchemaError

_LINE = re.compile(r"(?P<grade>\S+)\s+qid:(?P<query>\S+)(?P<features>[^#]*)#\s*(?:docid\s*=\s*)?(?P<product>\S+)")
_FEATURE = re.compile(r"\d+:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def import_letor(
    source: Path,
    target: Path,
    *,
    onto: Path,
    duplicates: Duplicates = "error",
    unknown: Unknown = "error",
    judged_by: str = "human",
    progress: Progress | None = None,
) -> ImportedDataset:
    """Lay the judgments of a LETOR file onto a dataset.

    Args:
        source: the file, plain or gzipped; lines that begin with ``#`` are comments.
        target: the dataset folder to make or replace.
        onto: the dataset that has the queries and products; it is not changed.
        duplicates, unknown, judged_by: see `LaidJudgments`.
        progress: called with (lines read, lines read).

    Raises:
        SchemaError: a line has no grade, qid or product, or a feature is no ``number:number``; it names file and line.
        InputError: `target` may not be written, see `fuserank.data.target`.
    """
    dataset = opened(onto, source, target)
    laid = LaidJudgments(dataset, source.name, duplicates, unknown, judged_by)
    seen: set[str] = set()
    for number, line in read_lines(source):
        if line.startswith("#"):
            continue
        where = f"{source.name} line {number}"
        found = _LINE.fullmatch(line.strip()) or _LINE.match(line.strip())
        if not found:
            raise SchemaError(f"{where}: {shown(line)}", allowed="grade qid:QUERY 1:0.5 … # PRODUCT", todo="correct the line")
        for feature in found["features"].split():
            if not _FEATURE.fullmatch(feature):
                raise SchemaError(f"{where}: feature {shown(feature)}", allowed="number:number", todo="correct the line")
            seen.add(feature.partition(":")[0])
        laid.add(number, found["query"], found["product"], found["grade"])
        if progress:
            progress(number, number)
    names = sorted(seen, key=int)
    notes = [f"features {names[0]} .. {names[-1]} ({len(names)}) are not used: fuserank makes its own"] if names else []
    return lay_judgments(dataset, laid, target, notes)
