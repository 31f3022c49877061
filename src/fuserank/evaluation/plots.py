"""Plots of an evaluation as inline SVG, for a page that opens offline."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from fuserank.evaluation.leaderboard import Leaderboard
from fuserank.metrics.ranking import PRIMARY

COLOURS = {"random": "#9aa5b1", "single": "#7b93db", "fixed": "#d9a441", "peer": "#c96f6f", "fusion": "#2f9e77"}


def ranking_plot(board: Leaderboard) -> str:
    """Bars of nDCG@10 with the spread over seeds, best on top: SVG text."""
    from matplotlib.figure import Figure

    rows = board.rows[::-1]
    figure = Figure(figsize=(8, 0.28 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    values = [row.metrics[PRIMARY] for row in rows]
    axes.barh(
        [r.ranker for r in rows],
        [v["mean"] for v in values],
        xerr=[v["std"] for v in values],
        color=[COLOURS[r.kind] for r in rows],
    )
    axes.set_xlabel(f"{PRIMARY} (linear gain), {board.queries} {board.split} queries")
    axes.set_xlim(0, 1)
    return _svg(figure)


def learning_curves(histories: Mapping[str, Sequence[float]]) -> str:
    """Validation nDCG@10 per epoch of each training: SVG text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in histories.items():
        axes.plot(range(1, len(values) + 1), values, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation nDCG@10")
    axes.legend(fontsize="x-small", ncols=2)
    return _svg(figure)


def reliability_plot(measured: Mapping[str, Any]) -> str:
    """Stated probability against the share found relevant, before and after calibration: SVG text.

    Args:
        measured: as `fuserank.pipeline.calibrate.before_and_after` gives it; the area of a point is the share of pairs in it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#9aa5b1", linestyle="--", label="what is stated is found")
    for when, colour in (("before", "#c96f6f"), ("after", "#2f9e77")):
        curve = measured[when]["curve"]
        whole = sum(curve["pairs"])
        axes.plot(curve["stated"], curve["found"], color=colour, linewidth=1, alpha=0.6)
        sizes = [600 * pairs / whole for pairs in curve["pairs"]]
        axes.scatter(curve["stated"], curve["found"], s=sizes, color=colour, label=f"{when} calibration")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("stated probability")
    axes.set_ylabel("share that is relevant")
    axes.legend(fontsize="x-small")
    return _svg(figure)


def search_plot(values: Sequence[float | None]) -> str:
    """Value of each trial of a search in order, None where it did not complete, and the best so far: SVG text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    complete = [(number, value) for number, value in enumerate(values) if value is not None]
    numbers = [number for number, _ in complete]
    best = list(itertools.accumulate((value for _, value in complete), max))
    axes.scatter(numbers, [value for _, value in complete], s=18, color="#7b93db", label="trial")
    axes.step(numbers, best, where="post", color="#2f9e77", label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("validation nDCG@10")
    axes.legend(fontsize="x-small")
    return _svg(figure)


def importance_plot(shares: Mapping[str, float]) -> str:
    """Bars of the importance of each knob, largest on top: SVG text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.3 * len(shares) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(shares)[::-1], list(shares.values())[::-1], color="#7b93db")
    axes.set_xlabel("share of the spread of validation nDCG@10 that the knob explains")
    return _svg(figure)


def _svg(figure: object) -> str:
    """The figure as an SVG element without the XML prologue, transparent so that it fits both themes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)  # type: ignore[attr-defined]
    text = buffer.getvalue()
    return text[text.index("<svg") :]
