"""Studies as files: a page of sections, and their pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuserank.files import write_file
from fuserank.pipeline.studies.study import Row, StudyResult

PAGE = "studies.md"


def write_studies(results: Sequence[StudyResult], folder: Path) -> list[Row]:
    """Write `results/<figure>.svg` and `results/studies.md` into `folder`.

    Returns:
        all rows, for results.json.
    """
    for result in results:
        for name, picture in result.figures.items():
            write_file(folder / "results" / f"{name}.svg", picture)
    head = "# Studies\n\nWritten by `make results`; the tables of rankers are in [results.md](../results.md).\n\n"
    write_file(folder / "results" / PAGE, head + "\n".join(section(result) for result in results))
    return [row for result in results for row in result.rows]


def section(result: StudyResult) -> str:
    """One study in Markdown: heading, pictures, words and tables."""
    pictures = "".join(f"![{result.title}]({name}.svg)\n\n" for name in result.figures)
    return f"## {result.title}\n\n{pictures}{result.markdown}"
