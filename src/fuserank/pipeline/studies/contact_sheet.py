"""A contact sheet of queries: a line is the query's picture, the first products with their grades, and the best one missed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from fuserank.pipeline.job import Job
from fuserank.pipeline.studies.figures import COLOURS, GROUND, INK, drawable
from fuserank.pipeline.studies.mistakes import Mistakes, Placed
from fuserank.pipeline.thumbnail import thumbnail

TOP, SIDE, CELL = 5, 150, 1.35  # products of a line, pixels of a picture, inches of a cell
DPI, QUALITY = 90, 80
LETTERS = 21  # of a title


def contact_sheet(job: Job, lines: Sequence[Mistakes]) -> bytes:
    """The sheet as JPEG."""
    from matplotlib.figure import Figure

    products = {product.product_id: product for product in job.dataset.products}
    queries = {query.query_id: query for query in job.dataset.queries}
    columns = TOP + 2
    figure = Figure(figsize=(CELL * columns, 1.22 * CELL * len(lines)), layout="constrained", facecolor=GROUND)
    grid = figure.subplots(len(lines), columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for line, cells in zip(lines, grid, strict=True):
        query = queries[line.query_id]
        _cell(cells[0], job, query.image, _short(query.text) or "query", f"nDCG@10 {line.ndcg:.2f}", INK)
        placed: list[tuple[Any, Placed]] = [*zip(cells[1:], line.top[:TOP], strict=False)]
        placed += [*zip(cells[-1:], line.missed[:1], strict=False)]
        for axes, one in placed:
            product, wrong = products[one.product_id], one.rank <= TOP and one.grade < job.dataset.manifest.max_grade
            place = f"{one.rank}: grade {one.grade:g}" if axes is not cells[-1] else f"missed, at {one.rank}: grade {one.grade:g}"
            _cell(axes, job, product.image, _short(product.title), place, COLOURS["peer"] if wrong else COLOURS["fusion"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="jpeg", dpi=DPI, pil_kwargs={"quality": QUALITY, "optimize": True})
    return buffer.getvalue()


def _cell(axes: Any, job: Job, image: str | None, name: str, place: str, colour: str) -> None:
    """A picture, its place above it and its name below."""
    pixels = thumbnail(job, image, SIDE)
    axes.set_title(place, fontsize=7, color=colour, pad=2)
    axes.text(0.5, -0.03, name, transform=axes.transAxes, ha="center", va="top", fontsize=6.5, color=INK, parse_math=False)
    if pixels is not None:
        axes.imshow(pixels)


def _short(text: str) -> str:
    text = drawable(text)
    return text if len(text) <= LETTERS else text[: LETTERS - 1].rstrip() + "…"
