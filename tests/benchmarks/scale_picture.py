"""Curves of docs/bench/scale.json, with the exponent of each: time and memory grow as products to that power."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fuserank.files import write_file
from fuserank.pipeline.studies.figures import SERIES, label, legend_below, panels, svg
from tests.benchmarks.records import Row

OUT = Path("docs/bench/scale.svg")


def curves(rows: Sequence[Row]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """unit -> stage -> (products, value) ascending."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {"s": {}, "MB": {}}
    for row in rows:
        stage, _, rest = row.name.partition(": ")
        found[row.unit].setdefault(stage, []).append((int(rest.split()[0]), row.ours))
    return found


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """Slope of the logarithms over the largest two sizes: what is left of start-up costs matters least there."""
    (x, y), (other_x, other_y) = points[-2:]
    return float(np.log(other_y / y) / np.log(other_x / x))


def draw(rows: Sequence[Row]) -> None:
    """Write the picture and print the exponents."""
    found = curves(rows)
    figure, axes = panels(2, size=(5.2, 4.0))
    for panel, (unit, stages), title in zip(axes, found.items(), ("seconds", "peak of memory, MB"), strict=True):
        for colour, (stage, points) in zip((*SERIES, "#555555"), stages.items(), strict=False):
            panel.plot(*zip(*points, strict=True), marker="o", markersize=3.5, linewidth=1.6, color=colour, label=stage)
            print(f"{stage}, {unit}: exponent {exponent(points):.2f}" if len(points) > 1 else stage)
        panel.set_xscale("log")
        panel.set_yscale("log")
        label(panel, title=title, x="products")
    legend_below(figure, axes[0])
    write_file(OUT, svg(figure))
