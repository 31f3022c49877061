"""Learning curves: nDCG@10 on test against the number of judged queries that a shop has.

A shop with n judged queries uses a fifth of them (at least one) for validation, so early stopping, trust and the weights of the
fixed sum are chosen with no more judgments than there are. Draws are nested: the 5 queries of a seed are among its 20. "All" are
the training and validation queries as the set splits them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fuserank.baselines.fixed import fixed_sum
from fuserank.baselines.lambdamart import lambdamart
from fuserank.evaluation.entries import Score
from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, ndcg_of, real_shop
from fuserank.pipeline.studies.figures import Curve, colours_of, draw_curves, legend_below, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import ALONE, Plan, train_plan
from fuserank.slates import Slate

FASHION = real_shop("fashion", "no_colour")
SHOPS = (FASHION, real_shop("grocery", "picture"), real_shop("chorus", "human"))
COUNTS: tuple[int | None, ...] = (5, 20, 100, None)  # None: all
VAL_SHARE, START_SEED = 0.2, 0
# Where a warm start comes from: a shop of other products, asked with words where this one is.
STARTS = {FASHION.name: real_shop("grocery", "text"), **{shop.name: FASHION for shop in SHOPS[1:]}}


@dataclass(frozen=True)
class Judged:
    """What a ranker may learn from: slates of judged queries, and the seed of its training."""

    train: Sequence[Slate]
    val: Sequence[Slate]
    seed: int

    @property
    def queries(self) -> int:
        """How many are judged."""
        return len(self.train) + len(self.val)


@dataclass(frozen=True)
class Contender:
    """A ranker of the comparison.

    Attributes:
        kind: as on a leaderboard.
        fit: (workspace, bench, judged) -> a score function for the bench's slates, or None where it does not apply.
    """

    kind: str
    fit: Callable[[Workspace, Bench, Judged], Score | None]


def trained(bench: Bench, judged: Judged, plan: Plan) -> Score:
    """A ranker of ours, trained on some judged queries."""
    model = train_plan(bench.job, bench.features, plan, judged.train, judged.val)
    return score_with(bench.features, load_model(model.folder)[0], plan.keep)


def _default(_: Workspace, bench: Bench, judged: Judged) -> Score:
    return trained(bench, judged, bench.plan(judged.seed))


def _warm(workspace: Workspace, bench: Bench, judged: Judged) -> Score | None:
    """The default ranker, gone on from one that all queries of another shop have trained, once, with the seed START_SEED."""
    if bench.shop.name not in STARTS:
        return None
    other = workspace.bench(STARTS[bench.shop.name])
    warm = bench.with_training(start=other.fit(other.plan(START_SEED)).folder)
    return trained(warm, judged, warm.plan(judged.seed, name="warm start"))


def _text_only(_: Workspace, bench: Bench, judged: Judged) -> Score | None:
    text = bench.families.get("text")
    return trained(bench, judged, bench.plan(judged.seed, name=f"text{ALONE}", keep=text)) if text else None


def _lambdamart(_: Workspace, bench: Bench, judged: Judged) -> Score:
    (score,) = lambdamart(bench.features, judged.train, judged.val, judged.seed).values()
    return score


def _fixed_sum(_: Workspace, bench: Bench, judged: Judged) -> Score:
    """Its few weights are chosen on all judged queries: it has nothing else to fit."""
    (score,) = fixed_sum(bench.features, (), [*judged.train, *judged.val], judged.seed).values()
    return score


CONTENDERS: Mapping[str, Contender] = {
    "default": Contender("fusion", _default),
    "warm start": Contender("fusion", _warm),
    f"text{ALONE}": Contender("single", _text_only),
    "LightGBM LambdaMART": Contender("peer", _lambdamart),
    "fixed weighted sum": Contender("fixed", _fixed_sum),
}


def learning_curves(
    workspace: Workspace,
    seeds: Sequence[int],
    tell: Tell,
    shops: Sequence[Shop] = SHOPS,
    counts: Sequence[int | None] = COUNTS,
    contenders: Mapping[str, Contender] = CONTENDERS,
) -> StudyResult:
    """nDCG@10 on test for each contender and number of judged queries."""
    rows = [row for shop in shops for row in _measure(workspace, shop, seeds, tell, counts, contenders)]
    return StudyResult("learning_curve", "Few judged queries", rows, _words(rows), {"learning_curve": draw(rows)})


def draw_judged(bench: Bench, count: int | None, seed: int) -> Judged | None:
    """`count` judged queries, nested over counts of one seed; None when the set has fewer than that."""
    if count is None:
        return Judged(bench.train, bench.val, seed)
    for_val = max(1, round(count * VAL_SHARE))
    if count - for_val > len(bench.train) or for_val > len(bench.val):
        return None
    rng = np.random.default_rng(seed)
    train, val = rng.permutation(len(bench.train)), rng.permutation(len(bench.val))
    return Judged([bench.train[i] for i in train[: count - for_val]], [bench.val[i] for i in val[:for_val]], seed)


def _measure(
    workspace: Workspace,
    shop: Shop,
    seeds: Sequence[int],
    tell: Tell,
    counts: Sequence[int | None],
    contenders: Mapping[str, Contender],
) -> list[Row]:
    """A row for each contender and count."""
    start = STARTS.get(shop.name)
    version = workspace.job(start).dataset.version if start else None
    bench = workspace.bench(shop)
    cells, rows = bench.cells("learning_curve", start=[start, version]), []
    for name, contender in contenders.items():
        for count in counts:
            drawn = [judged for seed in seeds if (judged := draw_judged(bench, count, seed))]
            by_seed = []
            for judged in drawn:
                tell(f"{bench.shop.name}: {name}, {judged.queries} judged queries, seed {judged.seed}")
                by_seed.append(
                    cells(f"{name}, {count}, seed {judged.seed}", partial(_quality, workspace, bench, contender, judged))
                )
            if by_seed and None not in by_seed:
                row = result_row("learning_curve", bench, name, contender.kind, by_seed, judged=drawn[0].queries)
                rows.append(row)
    return rows


def _quality(workspace: Workspace, bench: Bench, contender: Contender, judged: Judged) -> float | None:
    score = contender.fit(workspace, bench, judged)
    return None if score is None else float(np.mean(ndcg_of(score, bench.test)))


def draw(rows: Sequence[Row]) -> str:
    """A panel for each set, judged queries on a logarithmic axis: SVG text."""
    shops = list(dict.fromkeys((r["dataset"], r["regime"]) for r in rows))
    colours = colours_of(list(dict.fromkeys(r["ranker"] for r in rows)))
    figure, grid = panels(len(shops))
    for axes, shop in zip(grid, shops, strict=True):
        here = [r for r in rows if (r["dataset"], r["regime"]) == shop]
        curves = []
        for ranker in dict.fromkeys(r["ranker"] for r in here):
            line = [r for r in here if r["ranker"] == ranker]
            curves.append(Curve(ranker, [r["judged"] for r in line], [r["mean"] for r in line], [r["std"] for r in line]))
        draw_curves(axes, curves, colours, title=", ".join(shop), x="judged queries", y="nDCG@10 on test")
        axes.set_xscale("log")
        ticks = sorted({r["judged"] for r in here})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    legend_below(figure, grid[0])
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    parts = [
        "A fifth of the judged queries (at least one) validates; draws are nested and differ by seed. Spread is over seeds, so "
        "over draws as well as trainings. Chorus is its first fold of five, so about 20 test queries. `warm start` is the default, "
        "trained first on all queries of another set: grocery's text queries for fashion, fashion without colour words for the "
        "others; what the two have in common is taken over.\n"
    ]
    for dataset, regime in dict.fromkeys((r["dataset"], r["regime"]) for r in rows):
        here = [r for r in rows if (r["dataset"], r["regime"]) == (dataset, regime)]
        counts = sorted({r["judged"] for r in here})
        value = {(r["ranker"], r["judged"]): mean_and_spread(r) for r in here}
        lines = [(name, *(value.get((name, n), "") for n in counts)) for name in dict.fromkeys(r["ranker"] for r in here)]
        parts.append(f"**{dataset}, {regime}**\n\n" + table(("judged queries", *counts), lines))
    return "\n".join(parts)
