"""What a study is: a function from shops and seeds to rows, words and pictures.

Numbers are measured once and kept (`fuserank.pipeline.studies.cells`); words and pictures are made from the rows every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fuserank.metrics.ranking import PRIMARY
from fuserank.pipeline.studies.bench import Bench, Workspace

Tell = Callable[[str], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes:
        name: key in STUDIES.
        title: heading of its section.
        rows: flat, JSON-able; the keys of docs/results.json and those that only this study has.
        markdown: its section without the heading, without pictures.
        figures: SVG text by file name without ending.
        photos: JPEG bytes by file name without ending; only of pictures whose licence lets them be passed on.
    """

    name: str
    title: str
    rows: list[Row]
    markdown: str
    figures: dict[str, str]
    photos: dict[str, bytes] = field(default_factory=dict)


Study = Callable[[Workspace, Sequence[int], Tell], StudyResult]


def result_row(study: str, bench: Bench, ranker: str, kind: str, by_seed: Sequence[float], **own: Any) -> Row:
    """One row as docs/results.json has it: nDCG@10 on test, mean and deviation over seeds.

    Args:
        by_seed: mean over queries for each seed.
        own: what only this study says of the row.
    """
    return {
        "study": study,
        "dataset": bench.shop.importer,
        "regime": bench.shop.regime,
        "split": "test",
        "ranker": ranker,
        "kind": kind,
        "metric": PRIMARY,
        "mean": float(np.mean(by_seed)),
        "std": float(np.std(by_seed)),
        "seeds": len(by_seed),
        "queries": len(bench.test),
        **own,
    }


def mean_and_spread(row: Mapping[str, Any]) -> str:
    """``0.812 ± 0.004``; one seed has no spread."""
    return f"{row['mean']:.3f}" + (f" ± {row['std']:.3f}" if row["seeds"] > 1 else "")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
