"""Studies as files: a page of sections, and their pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuserank.files import write_file
from fuserank.pipeline.studies.study import Row, StudyResult

PAGE = "studies.md"


def write_studies(results: Sequence[StudyResult], folder: Path) -> list[Row]:
    """Write `studies.md` and the pictures that it shows into `folder`, each atomically.

    Returns:
        the rows of all studies, for results.json.
    """
    for result in results:
        for name, picture in result.figures.items():
            write_file(folder / f"{name}.svg", picture)
        for name, photo in result.photos.items():
            write_file(folder / f"{name}.jpg", photo)
    write_file(folder / PAGE, "# Studies\n\n" + "\n".join(section(result) for result in results))
    return [row for result in results for row in result.rows]


def section(result: StudyResult) -> str:
    """One study in Markdown: heading, pictures, words and tables."""
    files = [*(f"{name}.svg" for name in result.figures), *(f"{name}.jpg" for name in result.photos)]
    pictures = "".join(f"![{result.title}: {file.rpartition('.')[0]}]({file})\n\n" for file in files)
    return f"## {result.title}\n\n{pictures}{result.markdown}"
