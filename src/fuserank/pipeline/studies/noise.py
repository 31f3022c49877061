"""Noise at serving: how fast the default model, trained on clean data, loses when pictures, words or recordings are damaged.

Products are damaged in a fixed sample of the test side, which alone is ranked then, so that strength 0 of a kind is the same ranker
on the same candidates without damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, ndcg_of, real_shop
from fuserank.pipeline.studies.damage import PICTURES, QUERY_WORDS, TITLES, VOICE, Noise, damaged
from fuserank.pipeline.studies.figures import Curve, colours_of, draw_curves, legend_below, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table
from fuserank.pipeline.train import ALONE, TrainedModel
from fuserank.ranker import Ranker
from fuserank.slates import Features, Slate

DRAW = 0  # of the sampled products and queries
PRODUCTS, QUERIES = 1000, 200


@dataclass(frozen=True)
class Scene:
    """A shop and what is damaged there, on the side of products or of queries."""

    shop: Shop
    of_products: tuple[Noise, ...] = ()
    of_queries: tuple[Noise, ...] = ()


SCENES = (
    Scene(real_shop("fashion", "no_colour"), (*PICTURES, *TITLES), (QUERY_WORDS,)),
    Scene(real_shop("grocery", "picture"), of_queries=PICTURES),
    Scene(real_shop("grocery", "voice"), of_queries=(VOICE,)),
)


def noise_at_serving(workspace: Workspace, seeds: Sequence[int], tell: Tell, scenes: Sequence[Scene] = SCENES) -> StudyResult:
    """Curves of nDCG@10 on test against the strength of each kind of damage."""
    rows = [row for scene in scenes for row in _measure(workspace.bench(scene.shop), scene, seeds, tell)]
    return StudyResult("noise", "Noise at serving", rows, _words(rows), {"noise": draw(rows)})


def _measure(bench: Bench, scene: Scene, seeds: Sequence[int], tell: Tell) -> list[Row]:
    """A row for each kind, strength and ranker; the default beside the families alone, where there is more than one."""
    cells = bench.cells("noise", "data/corruption.py", "pipeline/studies/damage.py")
    keeps = {"default": tuple(m.name for m in bench.job.modalities)}
    if len(bench.families) > 1:
        keeps |= {f"{family}{ALONE}": members for family, members in bench.families.items()}
    models = {(n, s): bench.fit(bench.plan(s, name=n, keep=keep)) for n, keep in keeps.items() for s in seeds}
    rows = []
    for side, kinds in (("products", scene.of_products), ("queries", scene.of_queries)):
        for kind in kinds:
            for strength in kind.strengths:
                tell(f"{bench.shop.name}: {kind.name} {strength:g}")
                found = cells(
                    f"{side}, {kind.name}, {strength}, seeds {list(seeds)}", partial(_cell, bench, side, kind, strength, models)
                )
                for name in keeps:
                    own = {"side": side, "noise": kind.name, "strength": strength, "unit": kind.unit, "measured": found["queries"]}
                    role = "fusion" if name == "default" else "single"
                    rows.append(result_row("noise", bench, name, role, found["means"][name], **own))
    return rows


def _cell(bench: Bench, side: str, kind: Noise, strength: float, models: dict[tuple[str, int], TrainedModel]) -> dict[str, Any]:
    """Mean nDCG@10 of each ranker and seed under one damage, and over how many queries."""
    products, queries = _sampled(bench, side)
    features = damaged(bench, side, kind, strength, products if side == "products" else queries)
    test = [_again(features, slate, products) for slate in bench.test if bench.features.queries.query_ids[slate.query] in queries]
    test = [slate for slate in test if len(slate.grades) and slate.grades.min() < slate.grades.max()]
    means: dict[str, list[float]] = {}
    for (name, _), model in models.items():
        ranker: Ranker = load_model(model.folder)[0]
        means.setdefault(name, []).append(float(np.mean(ndcg_of(score_with(features, ranker, model.plan.keep), test))))
    return {"means": means, "queries": len(test)}


def _sampled(bench: Bench, side: str) -> tuple[set[str], set[str]]:
    """Ids of the products that are ranked, all of them when it is queries that are damaged, and of the queries that are asked."""
    rows = np.unique(np.concatenate([slate.rows for slate in bench.test]))
    rng = np.random.default_rng(DRAW)
    if side == "products" and len(rows) > PRODUCTS:
        rows = rng.choice(rows, PRODUCTS, replace=False)
    asked = np.array([slate.query for slate in bench.test])
    if len(asked) > QUERIES:
        asked = rng.choice(asked, QUERIES, replace=False)
    ids = bench.features.catalogue.product_ids
    return {ids[row] for row in rows}, {bench.features.queries.query_ids[q] for q in asked}


def _again(features: Features, slate: Slate, products: set[str]) -> Slate:
    """The slate of the same query over those of its candidates that are in `products`, with the pair scores of `features`."""
    ids = features.catalogue.product_ids
    kept = np.array([ids[row] in products for row in slate.rows], bool)
    return features.slate(slate.query, slate.rows[kept], slate.grades[kept])


def draw(rows: Sequence[Row]) -> str:
    """A panel for each kind of damage: SVG text."""
    kinds = list(dict.fromkeys((r["dataset"], r["regime"], r["side"], r["noise"], r["unit"]) for r in rows))
    colours = colours_of(list(dict.fromkeys(r["ranker"] for r in rows)))
    figure, grid = panels(len(kinds), columns=4, size=(3.6, 2.9))
    for axes, kind in zip(grid, kinds, strict=True):
        dataset, regime, side, name, unit = kind
        here = [r for r in rows if (r["dataset"], r["regime"], r["side"], r["noise"], r["unit"]) == kind]
        curves = []
        for ranker in dict.fromkeys(r["ranker"] for r in here):
            line = [r for r in here if r["ranker"] == ranker]
            curves.append(Curve(ranker, [r["strength"] for r in line], [r["mean"] for r in line], [r["std"] for r in line]))
        title = f"{dataset} {regime}, {name}" + ("" if name.endswith(side) else f" ({side})")
        draw_curves(axes, curves, colours, title=title, x=unit, y="nDCG@10")
        axes.title.set_fontsize(9)
        axes.set_ylim(0, 1.03)  # a curve at 1 stays in sight
    legend_below(figure, max(grid, key=lambda axes: len(axes.lines)))
    return svg(figure)


def _words(rows: Sequence[Row]) -> str:
    lines = []
    for key in dict.fromkeys((r["dataset"], r["regime"], r["side"], r["noise"]) for r in rows):
        line = [r for r in rows if (r["dataset"], r["regime"], r["side"], r["noise"]) == key and r["ranker"] == "default"]
        cells = [f"{r['strength']:g}: {mean_and_spread(r)}" for r in line]
        lines.append((f"{key[0]}, {key[1]}", f"{key[3]} ({key[2]})", line[0]["measured"], "; ".join(cells)))
    return (
        f"Trained on clean data, served with damage. Damaged products: {PRODUCTS:,} test-side products drawn once, which alone "
        f"are ranked, so strength 0 stands above the full ranking elsewhere. Damaged queries: at most {QUERIES}, drawn once.\n\n"
        + table(("set", "damage", "queries", "strength: nDCG@10 of the default"), lines)
    )
