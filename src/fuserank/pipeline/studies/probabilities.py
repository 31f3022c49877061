"""Probabilities: does what the default ranker states of a product happen, before its calibration and after?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from fuserank.model_folder import load_model
from fuserank.pipeline.calibrate import ECES, SHOWN, before_and_after
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import COLOURS, INK, label, legend_below, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, result_row, table
from fuserank.pipeline.train import default_ranker

SHOPS = (
    *(real_shop("fashion", regime) for regime in ("full", "no_colour", "no_colour_type")),
    *(real_shop("grocery", regime) for regime in ("picture", "text")),
    real_shop("chorus", "human"),
)
WHEN = ("before", "after")
METRICS = (*ECES, "Brier")


def stated_and_found(workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS) -> StudyResult:
    """Calibration error and Brier score on the best products of each test query; a reliability diagram of the first seed."""
    rows, curves = [], {}
    for shop in shops:
        bench = workspace.bench(shop)
        measured = [_measure(bench, seed, tell) for seed in seeds]
        found = [one for one in measured if one is not None]
        if found:
            rows += _rows(bench, found)
            curves[shop.name] = {when: found[0][when]["curve"] for when in WHEN}
    return StudyResult("probabilities", "Probabilities", rows, _words(rows), {"probabilities": draw(curves)} if curves else {})


def _measure(bench: Bench, seed: int, tell: Tell) -> dict[str, Any] | None:
    """As `before_and_after` says it; None when validation was too small to calibrate on."""
    tell(f"{bench.shop.name}: probabilities of {default_ranker(bench.job)}, seed {seed}")
    found: dict[str, Any] | None = bench.cells("probabilities")(f"seed {seed}", partial(_calibrated, bench, seed))
    return found


def _calibrated(bench: Bench, seed: int) -> dict[str, Any] | None:
    model = bench.fit(bench.plan(seed))
    ranker, meta = load_model(model.folder)
    if meta.calibration is None:
        return None
    score = score_with(bench.features, ranker, model.plan.keep)
    return before_and_after(score, meta.calibration, bench.test, bench.job.dataset.manifest.relevant_grade)


def _rows(bench: Bench, found: Sequence[dict[str, Any]]) -> list[Row]:
    """A row for each measure and side of the calibration; `method` is that of most seeds."""
    methods = [one["method"] for one in found]
    own = {
        "method": max(dict.fromkeys(methods), key=methods.count),
        "relevant": float(np.mean([_shown(one, "after")["relevant"] for one in found])),
    }
    return [
        result_row(
            "probabilities", bench, default_ranker(bench.job), "fusion", [_shown(one, when)[metric] for one in found],
            metric=metric, calibration=when, **own,
        )
        for metric in METRICS
        for when in WHEN
    ]  # fmt: skip


def _shown(one: dict[str, Any], when: str) -> dict[str, float]:
    values: dict[str, float] = one[when]["shown"]
    return values


def draw(curves: dict[str, dict[str, dict[str, list[float]]]]) -> str:
    """Reliability diagrams, a panel for each set; the area of a point is the share of pairs in it: SVG text."""
    figure, grid = panels(len(curves), size=(3.6, 3.3))
    for axes, (shop, sides) in zip(grid, curves.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, alpha=0.5)
        for when, colour in zip(WHEN, (COLOURS["random"], COLOURS["fusion"]), strict=True):
            curve = sides[when]
            axes.plot(curve["stated"], curve["found"], color=colour, linewidth=1.2, alpha=0.7)
            sizes = 400 * np.array(curve["pairs"]) / sum(curve["pairs"])
            axes.scatter(curve["stated"], curve["found"], sizes, color=colour, alpha=0.7, linewidths=0, label=f"{when} calibration")
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        label(axes, title=shop, x="stated probability", y="share that is relevant")
    legend_below(figure, grid[0])
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    if not rows:
        return "No set has enough validation queries for a calibration.\n"
    lines = []
    for dataset, regime in dict.fromkeys((r["dataset"], r["regime"]) for r in rows):
        here = {(r["metric"], r["calibration"]): r for r in rows if (r["dataset"], r["regime"]) == (dataset, regime)}
        change = [" → ".join(f"{here[metric, when]['mean']:.3f}" for when in WHEN) for metric in METRICS]
        one = here[METRICS[0], "after"]
        lines.append((f"{dataset}, {regime}", one["method"], f"{one['relevant']:.3f}", *change))
    return (
        f"Over the {SHOWN} best products of each test query; the calibration was fitted on validation. Before: the sigmoid of the "
        "score. ECE: expected calibration error (15 bins of equal width, of equal mass). Points of the picture are as large as "
        "they hold pairs; it shows the first seed, the table means over seeds. Chorus is its first fold.\n\n"
        + table(("set", "method", "share relevant", *METRICS), lines)
    )
