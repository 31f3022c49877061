"""The picture of the study of behaviour: propensities beside the truth, and nDCG@10 by way of learning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fuserank.pipeline.studies.figures import INK, SERIES, Curve, colours_of, draw_curves, label, panels, svg
from fuserank.pipeline.studies.study import Row


def draw(rows: Sequence[Row], truth: np.ndarray) -> str:
    """Two panels; SVG text.

    Args:
        truth: (K,) how often each place is looked at.
    """
    figure, (left, right) = panels(2, columns=2, size=(5.4, 3.8))
    models = [row for row in rows if row["kind"] == "click model" and row["crowd"] == "people"]
    fewest = min(row["sessions"] for row in models)
    curves = []
    for row in (row for row in models if row["sessions"] == fewest):
        found = (1 + np.array(row["errors"])) * truth[: len(row["errors"][0])]
        curves.append(Curve(row["ranker"], range(1, found.shape[1] + 1), found.mean(axis=0), found.std(axis=0)))
    title = f"propensities from {fewest:,} visits"
    draw_curves(left, curves, colours_of([c.name for c in curves]), title=title, x="place", y="looked at")
    left.plot(range(1, len(truth) + 1), truth, color=INK, linestyle="--", linewidth=1, label="truth")
    left.legend(fontsize=7, frameon=False)
    learned = [row for row in rows if row["kind"] == "fusion"][::-1]
    names = [row["ranker"] if row["crowd"] == "people" else f"{row['ranker']}, {row['crowd']}" for row in learned]
    right.barh(names, [row["mean"] for row in learned], xerr=[row["std"] for row in learned], color=SERIES[0])
    right.tick_params(axis="y", labelsize=7)
    label(right, title="learned from", x="nDCG@10 on test, true grades")
    return svg(figure)
