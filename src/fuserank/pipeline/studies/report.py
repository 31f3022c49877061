"""Studies as files: a page of sections, and their pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fuserank.files import write_file
from fuserank.pipeline.published import publish_sections
from fuserank.pipeline.studies.study import Row, StudyResult

PAGE = "studies.md"


def write_studies(results: Sequence[StudyResult], folder: Path) -> list[Row]:
    """Put these studies into `studies.md` in `folder` and the pictures that it shows beside it, each atomically; others stay.

    Returns:
        the rows of these studies, for results.json.
    """
    for result in results:
        for name, picture in result.figures.items():
            write_file(folder / f"{name}.svg", picture)
        for name, photo in result.photos.items():
            write_file(folder / f"{name}.jpg", photo)
    publish_sections(folder / PAGE, "# Studies\n", {result.title: section(result) for result in results})
    return [row for result in results for row in result.rows]


def section(result: StudyResult) -> str:
    """One study in Markdown: pictures, words and tables."""
    files = [*(f"{name}.svg" for name in result.figures), *(f"{name}.jpg" for name in result.photos)]
    pictures = "".join(f"![{result.title}: {file.rpartition('.')[0]}]({file})\n\n" for file in files)
    return f"{pictures}{result.markdown}"
