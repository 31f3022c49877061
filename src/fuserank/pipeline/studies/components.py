"""Parts of the model one at a time: every fusion, every scorer, every loss, with and without late interaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fuserank.fusion import FUSIONS
from fuserank.losses import LOSSES
from fuserank.metrics.significance import holm, paired_p
from fuserank.pipeline.job import LATE
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import COLOURS, INK, label, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import default_ranker
from fuserank.scorers import SCORERS

SHOPS = (real_shop("fashion", "no_colour"),)
PARTS = ("late", "fusion", "scorer", "loss")
FUSION, SCORER = "concat", "sequence"  # what the other part is compared with


@dataclass(frozen=True)
class Variant:
    """One training: `value` is the name of the part that is varied."""

    part: str
    value: str
    ranker: str
    loss: str

    @property
    def name(self) -> str:
        """ranker, loss."""
        return f"{self.ranker}, {self.loss}"


def compare_components(
    workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS, parts: Sequence[str] = PARTS
) -> StudyResult:
    """nDCG@10 on test of each variant, and whether it differs from the default."""
    rows = [row for shop in shops for row in _measure(workspace.bench(shop), seeds, tell, parts)]
    return StudyResult("components", "Fusions, scorers and losses", rows, _words(rows), {"components": draw(rows)})


def variants(ranker: str, loss: str, parts: Sequence[str]) -> list[Variant]:
    """The default ranker and late interaction with and without a network, then every fusion and scorer as a network alone, and
    every loss with the default ranker."""
    late = dict.fromkeys((ranker, LATE, f"{LATE}+{FUSION}+{SCORER}", f"{FUSION}+{SCORER}"))
    found = {
        "late": [Variant("late", name, name, loss) for name in late],
        "fusion": [Variant("fusion", name, f"{name}+{SCORER}", loss) for name in FUSIONS],
        "scorer": [Variant("scorer", name, f"{FUSION}+{name}", loss) for name in SCORERS],
        "loss": [Variant("loss", name, ranker, name) for name in LOSSES],
    }
    return [variant for part in parts for variant in found[part]]


def _measure(bench: Bench, seeds: Sequence[int], tell: Tell, parts: Sequence[str]) -> list[Row]:
    """A row for each variant; p-values Holm-corrected over all of them."""
    training = bench.job.settings.training
    found = variants(default_ranker(bench.job), training.loss, parts)
    usual = ", ".join((default_ranker(bench.job), training.loss))
    cells = bench.cells("components")
    values: dict[str, np.ndarray] = {}
    for variant in found:
        measured = []
        for seed in seeds:
            tell(f"{bench.shop.name}: {variant.name}, seed {seed}")
            measured.append(cells(f"{variant.name}, seed {seed}", partial(_quality, bench, variant, seed)))
        values[variant.name] = np.array(measured)
    others = [name for name in values if name != usual]
    tests = dict(zip(others, holm([paired_p(values[usual].mean(0), values[name].mean(0)) for name in others]), strict=True))
    rows = []
    for variant in found:
        by_seed = values[variant.name].mean(1).tolist()
        own = {"part": variant.part, "value": variant.value, "default": variant.name == usual, "seed_means": by_seed}
        p = {"p_adjusted": tests.get(variant.name)}
        rows.append(result_row("components", bench, variant.name, "fusion", by_seed, **own, **p))
    return rows


def _quality(bench: Bench, variant: Variant, seed: int) -> list[float]:
    bench = bench.with_training(loss=variant.loss)
    return bench.quality(bench.fit(bench.plan(seed, name=variant.ranker, ranker=variant.ranker)))


def draw(rows: Sequence[Row]) -> str:
    """A row of panels for each set, one a part: dots are seeds, the bar their mean, the line the default: SVG text."""
    keys = list(dict.fromkeys((r["dataset"], r["regime"], r["part"]) for r in rows))
    parts = list(dict.fromkeys(r["part"] for r in rows))
    usual = {(r["dataset"], r["regime"]): r["mean"] for r in rows if r["default"]}
    figure, grid = panels(len(keys), columns=len(parts), size=(4.4, 3.2))
    low, high = (fold(value for r in rows for value in r["seed_means"]) for fold in (min, max))
    for axes, key in zip(grid, keys, strict=True):
        here = sorted((r for r in rows if (r["dataset"], r["regime"], r["part"]) == key), key=lambda r: r["mean"])
        axes.axvline(usual[key[:2]], color=COLOURS["fusion"], linewidth=1, alpha=0.6)
        for y, row in enumerate(here):
            colour = COLOURS["fusion"] if row["default"] else COLOURS["single"]
            axes.plot(row["seed_means"], [y] * row["seeds"], "o", color=colour, markersize=4, alpha=0.6)
            axes.plot([row["mean"]], [y], "|", color=INK, markersize=12, markeredgewidth=1.6)
        axes.set_yticks(range(len(here)), [r["value"] for r in here])
        pad = 0.05 * (high - low) or 0.01
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(-0.6, len(here) - 0.4)
        label(axes, title=f"{key[0]}, {key[1]}: {key[2]}", x="nDCG@10 on test")
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        p = "default" if row["default"] else f"{row['p_adjusted']:.4f}"
        lines.append((f"{row['dataset']}, {row['regime']}", row["part"], row["value"], mean_and_spread(row), p))
    return (
        "The default with and without a network; fusions and scorers as networks alone, beside the plainest other part; losses "
        "with the default. All untuned. p: paired randomisation test against the "
        "default on nDCG@10 over queries, Holm-corrected over all variants.\n\n"
        + table(("set", "part", "", "nDCG@10", "p against the default"), lines)
    )
