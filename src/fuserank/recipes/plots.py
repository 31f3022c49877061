"""Plots of recipes: bars, a heat map, curves; in the style of the studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fuserank.pipeline.studies.figures import SERIES, drawable, label, panels, svg


def bars(values: Mapping[str, float], x: str) -> str:
    """Horizontal bars, the first on top: SVG text."""
    figure, (axes,) = panels(1, size=(8, 0.32 * len(values) + 1.2))
    axes.barh([drawable(name) for name in values][::-1], list(values.values())[::-1], color=SERIES[0])
    label(axes, x=x)
    return svg(figure)


def heat(rows: Sequence[str], shares: Sequence[Sequence[float]], x: str) -> str:
    """Rows of shares in [0, 1], which may be of different lengths, as colours: SVG text."""
    import numpy as np

    width = max(map(len, shares))
    grid = np.array([[*row, *[np.nan] * (width - len(row))] for row in shares])
    figure, (axes,) = panels(1, size=(8, 0.3 * len(rows) + 1.4))
    axes.grid(visible=False)
    image = axes.imshow(grid, aspect="auto", vmin=0, vmax=1, cmap="viridis")
    axes.set_yticks(range(len(rows)), rows)
    figure.colorbar(image, ax=axes)
    label(axes, x=x)
    return svg(figure)


def points(stated: Sequence[float], found: Sequence[float]) -> str:
    """A reliability diagram up to the largest value: SVG text."""
    figure, (axes,) = panels(1, size=(5, 4))
    top = max([*stated, *found, 0.01])
    axes.plot([0, top], [0, top], linestyle="--", color=SERIES[-1])
    axes.plot(stated, found, marker="o", color=SERIES[0])
    label(axes, x="stated probability of a click", y="share clicked")
    return svg(figure)


def lines(curves: Mapping[str, Sequence[float]], x: str, y: str) -> str:
    """One line a name over 1, 2 …: SVG text."""
    figure, (axes,) = panels(1, size=(8, 4))
    for colour, (name, values) in zip(SERIES, curves.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, color=colour, label=name)
    label(axes, x=x, y=y)
    axes.legend(fontsize=8, frameon=False)
    return svg(figure)
