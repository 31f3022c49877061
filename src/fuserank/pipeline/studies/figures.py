"""The house style of a study's pictures: light ground, no frame, faint grid, the same colours for the same kinds everywhere."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fuserank.evaluation.plots import COLOURS

GROUND, INK, FAINT = "#ffffff", "#1f2933", "#d9dee4"
BOX = "□"
SERIES = (
    COLOURS["fusion"],
    COLOURS["single"],
    COLOURS["peer"],
    COLOURS["fixed"],
    "#7a5ea8",
    "#3d8fb0",
    "#8a6d3b",
    COLOURS["random"],
)
PANEL = (4.4, 3.3)  # inches


@dataclass(frozen=True)
class Curve:
    """A line with its spread: x ascending, mean and standard deviation over seeds of the same length."""

    name: str
    x: Sequence[float]
    mean: Sequence[float]
    std: Sequence[float]


def panels(count: int, *, columns: int = 3, size: tuple[float, float] = PANEL, **shared: Any) -> tuple[Any, list[Any]]:
    """A figure and `count` axes in a grid of at most `columns`.

    Args:
        size: inches of a panel.
        shared: ``sharex``, ``sharey`` of matplotlib.
    """
    from matplotlib.figure import Figure

    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained", facecolor=GROUND)
    grid = figure.subplots(rows, columns, squeeze=False, **shared).flatten().tolist()
    for axes in grid[count:]:
        axes.remove()
    for axes in grid[:count]:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors=INK, labelsize=8, color=FAINT)
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, grid[:count]


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """name -> colour, in the order of the names."""
    return {name: SERIES[i % len(SERIES)] for i, name in enumerate(names)}


def draw_curves(axes: Any, curves: Sequence[Curve], colours: Mapping[str, str], *, title: str, x: str, y: str) -> None:
    """Lines with points, and bands of one standard deviation."""
    for curve in curves:
        colour = colours[curve.name]
        axes.plot(curve.x, curve.mean, marker="o", markersize=3.5, linewidth=1.6, color=colour, label=curve.name)
        low, high = ([m + sign * s for m, s in zip(curve.mean, curve.std, strict=True)] for sign in (-1, 1))
        axes.fill_between(curve.x, low, high, color=colour, alpha=0.18, linewidth=0)
    label(axes, title=title, x=x, y=y)


def label(axes: Any, *, title: str = "", x: str = "", y: str = "") -> None:
    """Title and names of the axes in the style's sizes."""
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)


def legend_below(figure: Any, axes: Any) -> None:
    """One legend for all panels, under them."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)), fontsize=8, frameon=False)


def drawable(text: str) -> str:
    """The text with a box for each character that the font of the pictures lacks: Chinese, for one."""
    return "".join(character if ord(character) in _glyphs() else BOX for character in text)


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap())


def svg(figure: Any) -> str:
    """The figure as SVG text; the same figure gives the same text."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "fuserank"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
