"""Explanations: does removing what an explanation names most important hurt most?

Only the first seed is asked. How things are removed and what is drawn from: `fuserank.explain.removal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fuserank.explain.faithfulness import FACTOR, LEVEL
from fuserank.model_folder import load_model
from fuserank.pipeline.faithfulness import faithfulness
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import COLOURS, label, legend_below, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, result_row, table
from fuserank.pipeline.train import default_ranker

SHOPS = (
    *(real_shop("fashion", regime) for regime in ("full", "no_colour")),
    real_shop("grocery", "picture"),
    real_shop("chorus", "human"),
)
WHICH = ("most", "random", "least")


def explanations_hold(workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS) -> StudyResult:
    """Mean drop of score and of nDCG@10 on test when the most important, a random and the least important thing is removed."""
    rows = [row for shop in shops for row in _measure(workspace.bench(shop), seeds[0], tell)]
    return StudyResult("faithful", "Are explanations true?", rows, _words(rows), {"faithful": draw(rows)})


def _measure(bench: Bench, seed: int, tell: Tell) -> list[Row]:
    """A row for each thing removed, measure and choice of what to remove."""
    tell(f"{bench.shop.name}: explanations of {default_ranker(bench.job)}, seed {seed}")
    found = bench.cells("faithful", "explain", "pipeline/faithfulness.py")(f"seed {seed}", partial(_summaries, bench, seed))
    return [
        result_row(
            "faithful", bench, default_ranker(bench.job), "fusion", [one[which]["mean"]],
            metric=f"drop of {one['measure']}", removed=one["removed"], which=which, low=one[which]["low"], high=one[which]["high"],
            explained=one["queries"], margin=one["margin"], holds=one["holds"],
        )
        for one in found
        for which in WHICH
    ]  # fmt: skip


def _summaries(bench: Bench, seed: int) -> list[dict[str, Any]]:
    model = bench.fit(bench.plan(seed))
    rows, _ = faithfulness(bench.job, bench.features, load_model(model.folder)[0], bench.test, keep=model.plan.keep)
    return rows


def draw(rows: Sequence[Row]) -> str:
    """A panel for each measure: bars of the three drops with their intervals: SVG text."""
    metrics = list(dict.fromkeys(r["metric"] for r in rows))
    figure, grid = panels(len(metrics), columns=1, size=(8.4, 2.8))
    for axes, metric in zip(grid, metrics, strict=True):
        here = [r for r in rows if r["metric"] == metric]
        places = list(dict.fromkeys(_place(r) for r in here))
        for shift, which, kind in zip((-0.26, 0, 0.26), WHICH, ("fusion", "random", "single"), strict=True):
            mine = [r for r in here if r["which"] == which]
            spread = [[r["mean"] - r["low"] for r in mine], [r["high"] - r["mean"] for r in mine]]
            at = [places.index(_place(r)) + shift for r in mine]
            axes.bar(
                at, [r["mean"] for r in mine], 0.24, yerr=spread, color=COLOURS[kind], label=which, error_kw={"linewidth": 0.8}
            )
        axes.set_xticks(range(len(places)), [f"{dataset} {regime}\n{removed}" for dataset, regime, removed in places], fontsize=7)
        axes.grid(axis="x", visible=False)
        label(axes, y=metric)
    legend_below(figure, grid[0])
    return svg(figure)


def _place(row: Row) -> tuple[str, str, str]:
    return row["dataset"], row["regime"], row["removed"]


def _words(rows: Sequence[Row]) -> str:
    lines = []
    for key in dict.fromkeys((*_place(r), r["metric"]) for r in rows):
        three = {r["which"]: r for r in rows if (*_place(r), r["metric"]) == key}
        most, margin = three["most"], three["most"]["margin"]
        verdict = "holds" if most["holds"] else "**falls short**"
        lines.append(
            (
                f"{key[0]}, {key[1]}", key[2], key[3], most["explained"], *(f"{three[which]['mean']:.3f}" for which in WHICH),
                f"{margin['mean']:.3f} ({margin['low']:.3f} to {margin['high']:.3f})", verdict,
            )
        )  # fmt: skip
    return (
        "What loses more: the modality of a product, or the word of a query, that the explanation names most important, one at "
        f"random (mean over all), or the least important? Margin: most less random, with its {LEVEL:.0%} bootstrap interval over "
        f"queries. It holds when the interval is above 0 and the most important costs {FACTOR} times as much as one at random. "
        "Scores are logits of the three best products; nDCG@10 is of the whole order. Chorus is its first fold.\n\n"
        + table(("set", "removed", "measure", "queries", *WHICH, "margin", ""), lines)
    )
