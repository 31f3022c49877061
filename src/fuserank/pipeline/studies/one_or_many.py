"""One model or many: a model trained on all regimes of a set together, against a specialist for each.

The regimes are stacked (`fuserank.pipeline.stacking`): the same product stands once for each regime, with the text it has there,
and a query ranks the products of its own regime only. Both kinds of model have the same architecture, settings and epochs; the one
model thus takes as many steps as its specialists together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.metrics.significance import holm, paired_p
from fuserank.pipeline.stacking import stack, stack_slates
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import COLOURS, label, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import TrainedModel, train_plan

GROUPS: Mapping[str, tuple[Shop, ...]] = {
    "fashion": tuple(real_shop("fashion", regime) for regime in ("full", "no_colour", "no_colour_type")),
    "grocery": tuple(
        real_shop("grocery", regime, real_shop("grocery", "voice").modalities) for regime in ("picture", "text", "voice")
    ),
}
TOLERANCE = 0.005  # nDCG@10 that the one model may stand below a specialist
ONE, SPECIALIST = "one model", "specialist"


def one_model_or_many(
    workspace: Workspace, seeds: Sequence[int], tell: Tell, groups: Mapping[str, Sequence[Shop]] = GROUPS
) -> StudyResult:
    """nDCG@10 of the one model and of the specialists on each regime's test queries."""
    rows = [row for name, shops in groups.items() for row in _measure(name, [workspace.bench(s) for s in shops], seeds, tell)]
    return StudyResult("one_or_many", "One model or many", rows, _words(rows), {"one_or_many": draw(rows)})


def _measure(group: str, benches: Sequence[Bench], seeds: Sequence[int], tell: Tell) -> list[Row]:
    """Two rows a regime; the one model's holds the paired test, Holm-corrected within the group."""
    versions = [bench.job.dataset.version for bench in benches]
    cells = benches[0].cells("one_or_many", "pipeline/stacking.py", versions=versions)
    per_query: dict[tuple[str, str], list[list[float]]] = {}
    for seed in seeds:
        tell(f"{group}: one model for {len(benches)} regimes, seed {seed}")
        together = cells(f"{ONE}, seed {seed}", partial(_together, benches, seed))
        for bench, values in zip(benches, together, strict=True):
            tell(f"{bench.shop.name}: {SPECIALIST}, seed {seed}")
            alone = cells(f"{bench.shop.name}, seed {seed}", partial(_alone, bench, seed))
            per_query.setdefault((bench.shop.name, ONE), []).append(values)
            per_query.setdefault((bench.shop.name, SPECIALIST), []).append(alone)
    rows = [
        result_row("one_or_many", bench, kind, "fusion", np.mean(per_query[bench.shop.name, kind], axis=1).tolist())
        for bench in benches
        for kind in (ONE, SPECIALIST)
    ]
    means = {key: np.mean(values, axis=0) for key, values in per_query.items()}
    tests = holm([paired_p(means[bench.shop.name, ONE], means[bench.shop.name, SPECIALIST]) for bench in benches])
    for one, specialist, p in zip(rows[::2], rows[1::2], tests, strict=True):
        one |= {"against_specialist": one["mean"] - specialist["mean"], "p_adjusted": p}
    return rows


def _train_together(benches: Sequence[Bench], seed: int) -> TrainedModel:
    """The default ranker on the slates of all benches; known by their data versions, which its query ids carry."""
    features = stack([(bench.job.dataset.version, bench.features) for bench in benches])
    train = stack_slates([(bench.features, bench.train) for bench in benches])
    val = stack_slates([(bench.features, bench.val) for bench in benches])
    return train_plan(benches[0].job, features, benches[0].plan(seed, name=ONE), train, val)


def _together(benches: Sequence[Bench], seed: int) -> list[list[float]]:
    """Of the one model: nDCG@10 of each test slate of each bench, scored on the bench's own features."""
    model = _train_together(benches, seed)
    return [bench.quality(model) for bench in benches]


def _alone(bench: Bench, seed: int) -> list[float]:
    """Of a specialist: nDCG@10 of each test slate."""
    return bench.quality(bench.fit(bench.plan(seed)))


def draw(rows: Sequence[Row]) -> str:
    """Bars in pairs with the spread over seeds: SVG text."""
    shops = list(dict.fromkeys((r["dataset"], r["regime"]) for r in rows))
    figure, (axes,) = panels(1, size=(1.2 * len(shops) + 2, 3.4))
    for shift, kind, colour in ((-0.19, ONE, COLOURS["fusion"]), (0.19, SPECIALIST, COLOURS["single"])):
        mine = [r for r in rows if r["ranker"] == kind]
        places = [shops.index((r["dataset"], r["regime"])) + shift for r in mine]
        spread = {"yerr": [r["std"] for r in mine], "error_kw": {"linewidth": 1}}
        bars = axes.bar(places, [r["mean"] for r in mine], 0.36, color=colour, label=kind, **spread)
        axes.bar_label(bars, fmt="%.3f", fontsize=7, padding=2)
    axes.set_xticks(range(len(shops)), [f"{dataset}\n{regime}" for dataset, regime in shops])
    axes.grid(axis="x", visible=False)
    axes.set_ylim(0, 1.1)
    axes.legend(fontsize=8, frameon=False, ncols=2, loc="upper left")
    label(axes, y="nDCG@10 on test")
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    lines = [
        (
            f"{one['dataset']}, {one['regime']}",
            mean_and_spread(one),
            mean_and_spread(specialist),
            f"{one['against_specialist']:+.3f}",
            f"{one['p_adjusted']:.4f}",
            "holds" if one["against_specialist"] >= -TOLERANCE else "**falls short**",
        )
        for one, specialist in zip(rows[::2], rows[1::2], strict=True)
    ]
    return (
        "The one model is trained on all regimes of its set together, a specialist on one. p: paired randomisation test over "
        "queries, Holm-corrected within a set.\n\n"
        + table(("set", ONE, SPECIALIST, "difference", "p", f"≥ specialist − {TOLERANCE}"), lines)
    )
