"""The report of a recipe: sections of words, a table and plots, as lines to print, as JSON and as one page that opens offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fuserank.files import write_file
from fuserank.pages import DASH, number, render

Cell = str | int | float | None


@dataclass(frozen=True)
class Section:
    """What one step shows.

    Attributes:
        title, words: heading, and what a reader must know to read the table.
        head, rows: of the table; None is shown as a dash.
        figures: title -> SVG text.
    """

    title: str
    words: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figures: dict[str, str] = field(default_factory=dict)

    def cells(self) -> list[list[str]]:
        """The rows as text."""
        return [[_text(value) for value in row] for row in self.rows]

    def lines(self) -> list[str]:
        """The section for a terminal, columns aligned."""
        table = [list(self.head), *self.cells()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        body = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
        return [f"{self.title}: {self.words}" if self.words else self.title, *body]


def _text(value: Cell) -> str:
    if value is None:
        return DASH
    return value if isinstance(value, str) else number(value)


def write_report(folder: Path, name: str, summary: str, sections: Sequence[Section]) -> Path:
    """Write report.json and index.html into `folder`, each whole.

    Returns:
        the page.
    """
    tables = [{key: value for key, value in asdict(section).items() if key != "figures"} for section in sections]
    write_file(folder / "report.json", json.dumps({"recipe": name, "sections": tables}, indent=1, ensure_ascii=False) + "\n")
    page = folder / "index.html"
    write_file(page, render("recipe.html", name=name, summary=summary, sections=sections))
    return page
