"""The verdicts on a dataset's traffic, oldest first: a JSON line each, replaced atomically; and their page.

<home>/monitoring/<name>/history.jsonl   <reports>/<name>/drift/history.html
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from fuserank.files import write_file
from fuserank.pages import render

PAGE = "history.html"
GOOD, BAD = "#2f9e77", "#c96f6f"


class Judged(BaseModel):
    """One verdict, in short.

    Attributes:
        verdict: its id: the time when it was made, which also names the folder of its report.
        time: likewise, UTC.
        since, until: the traffic that was judged.
        package: the champion that answered it.
        answers, products: how many answers and new products were compared.
        drift, reason: the verdict.
        quality: nDCG@10 from feedback in that time; None: not compared.
        page: of the verdict, beside the page of the history.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: str
    time: datetime
    since: datetime
    until: datetime
    package: str
    answers: int
    products: int
    drift: bool
    reason: str
    quality: float | None
    page: str


def history(home: Path, name: str) -> list[Judged]:
    """All verdicts on the traffic of a dataset, oldest first.

    Args:
        home: the setting.
        name: of the dataset, with its regime.
    """
    file = _file(home, name)
    return [Judged.model_validate_json(line) for line in file.read_text().splitlines()] if file.is_file() else []


def last_verdict(home: Path, name: str) -> Judged | None:
    """The newest of `history`; None: there is none."""
    return known[-1] if (known := history(home, name)) else None


def recalled(home: Path, name: str, verdict: str) -> Judged:
    """The verdict of an id.

    Raises:
        StopIteration: there is none.
    """
    return next(judged for judged in reversed(history(home, name)) if judged.verdict == verdict)


def remember(home: Path, name: str, judged: Judged) -> list[Judged]:
    """Add a verdict; gives all. Of several processes at once none loses what another added."""
    file = _file(home, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), timeout=60):
        known = [*history(home, name), judged]
        write_file(file, "".join(f"{line.model_dump_json()}\n" for line in known))
    return known


def write_history(folder: Path, name: str, known: Sequence[Judged]) -> Path:
    """Write the page of all verdicts, the newest on top.

    Args:
        folder: of the reports on drift; verdicts whose page is gone from it are listed without a link.
    """
    there = {judged.verdict for judged in known if (folder / judged.page).is_file()}
    page = render(PAGE, name=name, verdicts=known[::-1], there=there, picture=timeline(known))
    write_file(folder / PAGE, page)
    return folder / PAGE


def timeline(known: Sequence[Judged]) -> str:
    """Verdicts over time, and quality from feedback where it was measured: SVG text.

    Args:
        known: at least one, oldest first.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.6), layout="constrained")
    top: Any
    bottom: Any
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    measured = [(judged.time, judged.quality) for judged in known if judged.quality is not None]
    top.plot([time for time, _ in measured], [quality for _, quality in measured], color="#7b93db", marker="o", markersize=3)
    top.set_ylim(0, 1)
    top.set_ylabel("nDCG@10\nfrom feedback", fontsize="small")
    bottom.scatter([j.time for j in known], [int(j.drift) for j in known], color=[BAD if j.drift else GOOD for j in known], s=22)
    bottom.set_yticks([0, 1], ["as before", "drift"])
    bottom.set_ylim(-0.5, 1.5)
    locator = AutoDateLocator()
    bottom.xaxis.set_major_locator(locator)
    bottom.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _file(home: Path, name: str) -> Path:
    return home / "monitoring" / name / "history.jsonl"
