"""Quality against cost: every ranker of a leaderboard as a point, and the rankers that no other beats on both.

All rankers are timed in one run, turn by turn, so that a busy moment of the machine falls on all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.evaluation.entries import Entry
from fuserank.metrics.ranking import PRIMARY
from fuserank.pipeline.evaluate import baseline_entries, evaluate, model_entries
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import COLOURS, INK, label, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import default_ranker, plans, train_plan
from fuserank.slates import Features, Slate

SHOPS = (*(real_shop("fashion", regime) for regime in ("full", "no_colour", "no_colour_type")), real_shop("grocery", "picture"))
CANDIDATES, ROUNDS = 1000, 25


def quality_against_latency(workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS) -> StudyResult:
    """nDCG@10 on test and milliseconds per 1,000 candidates of every ranker of each shop's leaderboard."""
    rows = [row for shop in shops for row in _measure(workspace.bench(shop), seeds, tell)]
    return StudyResult("frontier", "Quality against latency", rows, _words(rows), {"frontier": draw(rows)})


def _measure(bench: Bench, seeds: Sequence[int], tell: Tell) -> list[Row]:
    """A row for each ranker, as `mark_front` gives them."""
    rankers = tuple(dict.fromkeys((default_ranker(bench.job), *bench.shop.rankers))) if bench.shop.rankers else None
    bench = bench.with_training(seeds=tuple(seeds), **({"rankers": rankers} if rankers else {}))
    models = []
    for plan in plans(bench.job, bench.features):
        tell(f"{bench.shop.name}: {plan.name}, seed {plan.seed}")
        models.append(train_plan(bench.job, bench.features, plan, bench.train, bench.val))
    slates = (bench.train, bench.val, bench.test)
    board = evaluate(bench.job, bench.features, models, slates).board

    def timed() -> dict[str, dict[str, float]]:
        tell(f"{bench.shop.name}: timing")
        first = bench.with_training(seeds=tuple(seeds[:1]))
        entries = model_entries(bench.features, [m for m in models if m.plan.seed == seeds[0]])
        return times([*entries, *baseline_entries(first.job, bench.features, slates)], bench.features, bench.test[0])

    names = [row.ranker for row in board.rows]
    found = bench.cells("frontier", models=sorted(m.folder.name for m in models), rankers=names)("times", timed)
    rows = [
        result_row("frontier", bench, r.ranker, r.kind, [one[PRIMARY] for one in r.by_seed], **found[r.ranker]) for r in board.rows
    ]
    return mark_front(rows)


def mark_front(rows: Sequence[Row]) -> list[Row]:
    """The rows of one shop, the cheapest first, each with `on_front`: none is as cheap and as good, and better in one."""
    best, marked = -1.0, []
    for row in sorted(rows, key=lambda row: (row["ms_per_1000"], -row["mean"])):
        marked.append({**row, "on_front": row["mean"] > best})
        best = max(best, row["mean"])
    return marked


def times(entries: Sequence[Entry], features: Features, slate: Slate, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """ranker -> median and quartiles of milliseconds to score CANDIDATES of one query on one thread, its pair scores included.

    Args:
        slate: of which query; its products repeat if they are too few.
        rounds: in each of which every ranker has one turn, after one round that does not count.
    """
    rows = np.resize(slate.rows, CANDIDATES)
    taken: dict[str, list[float]] = {entry.name: [] for entry in entries}
    with threadpool_limits(1):
        for turn in range(rounds + 1):
            for entry in entries:
                start = time.perf_counter()
                entry.score(features.slate(slate.query, rows))
                if turn:
                    taken[entry.name].append(1000 * (time.perf_counter() - start))
    result = {}
    for name, values in taken.items():
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        result[name] = {"ms_per_1000": float(median), "ms_low": float(low), "ms_high": float(high)}
    return result


def draw(rows: Sequence[Row]) -> str:
    """A panel for each set, time on a logarithmic axis, the front numbered as in the table; random order is left out: SVG text."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    shops = list(dict.fromkeys((r["dataset"], r["regime"]) for r in rows))
    figure, grid = panels(len(shops), columns=2, size=(5.2, 3.7))
    for axes, shop in zip(grid, shops, strict=True):
        here = [r for r in rows if (r["dataset"], r["regime"]) == shop and r["kind"] != "random"]
        for row in here:
            low, high = row["ms_per_1000"] - row["ms_low"], row["ms_high"] - row["ms_per_1000"]
            bars = {"xerr": [[low], [high]], "yerr": row["std"], "elinewidth": 0.8, "markersize": 5}
            axes.errorbar(row["ms_per_1000"], row["mean"], fmt="o", color=COLOURS[row["kind"]], **bars)
        front = [r for r in here if r["on_front"]]
        axes.step([r["ms_per_1000"] for r in front], [r["mean"] for r in front], where="post", color=INK, linewidth=0.9, alpha=0.6)
        for number, row in enumerate(front, 1):
            at = (row["ms_per_1000"], row["mean"])
            axes.annotate(str(number), at, (-3, 5), textcoords="offset points", ha="right", fontsize=9, color=INK)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.12, y=0.12)
        label(axes, title=", ".join(shop), x="ms per 1,000 candidates, one thread", y="nDCG@10 on test")
    shown = [kind for kind in COLOURS if kind != "random" and any(r["kind"] == kind for r in rows)]
    marks = [grid[0].plot([], [], "o", color=COLOURS[kind])[0] for kind in shown]
    figure.legend(marks, shown, loc="outside lower center", ncols=len(shown), fontsize=8, frameon=False)
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    parts = [
        f"Median of {ROUNDS} turns (in brackets the quartiles), one thread, pair scores included; all rankers of a set are timed "
        "in one run, turn by turn. The tables walk along the front: rankers that none beats on both axes. What an extra "
        "millisecond buys is left blank where the times cannot be told apart.\n"
    ]
    for shop in dict.fromkeys((r["dataset"], r["regime"]) for r in rows):
        front = [r for r in rows if (r["dataset"], r["regime"]) == shop and r["on_front"] and r["kind"] != "random"]
        lines = []
        for number, row in enumerate(front, 1):
            span = f"{row['ms_per_1000']:.2f} ({row['ms_low']:.2f}–{row['ms_high']:.2f})"
            bought = _bought(front[number - 2], row) if number > 1 else ("", "")
            lines.append((number, row["ranker"], mean_and_spread(row), span, *bought))
        head = ("", "ranker", "nDCG@10", "ms per 1,000", "gain over the one before", "nDCG bought per extra ms")
        parts.append(f"**{', '.join(shop)}**\n\n" + table(head, lines))
    return "\n".join(parts)


def _bought(before: Row, row: Row) -> tuple[str, str]:
    """What the second gains over the first, and per millisecond; "" when their quartiles overlap."""
    gain, extra = row["mean"] - before["mean"], row["ms_per_1000"] - before["ms_per_1000"]
    return f"{gain:+.3f}", f"{gain / extra:.3f}" if row["ms_low"] > before["ms_high"] else ""
