"""Missing modalities: the default model on shops that lack some, against a model that was trained without them.

Every non-empty subset of the families that a set has stands at training and at serving. A model that was trained on S and is
served T sees their intersection: it has never learned the rest of T. The first row of the matrix is the model that ships, trained
on all families with modality dropout; the diagonal are the specialists.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain, combinations

from fuserank.pipeline.studies.bench import SAMPLE_STORE, Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.figures import INK, label, panels, svg
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, mean_and_spread, result_row, table

SHOPS = (
    real_shop("fashion", "no_colour"),
    real_shop("grocery", "picture"),
    real_shop("chorus", "human"),
    SAMPLE_STORE,
)
TOLERANCE = 0.01  # nDCG@10 that the model that was trained on everything may stand below the specialist
FEW = 8  # subsets up to which cells are labelled with their numbers

Subset = tuple[str, ...]


def missing_modalities(workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS) -> StudyResult:
    """nDCG@10 on test for every subset of families at training and at serving."""
    rows = [row for shop in shops for row in _measure(workspace.bench(shop), seeds, tell)]
    figures = {f"missing-{shop.importer}-{shop.regime}": heat_map([r for r in rows if _of(r, shop)], shop.name) for shop in shops}
    return StudyResult("missing", "Missing modalities", rows, _words(rows, shops), figures)


def subsets(families: Sequence[str]) -> list[Subset]:
    """All non-empty subsets, the largest first, in the order of the families."""
    return list(chain.from_iterable(combinations(families, size) for size in range(len(families), 0, -1)))


def _measure(bench: Bench, seeds: Sequence[int], tell: Tell) -> list[Row]:
    """A row for each pair of subsets that have a family in common."""
    families, cells = bench.families, bench.cells("missing")
    found = subsets(list(families))
    values: dict[tuple[Subset, Subset], list[float]] = {}
    for trained in found:
        for seed in seeds:
            tell(f"{bench.shop.name}: trained on {_name(trained)}, seed {seed}")
            means = cells(f"{_name(trained)}, seed {seed}", partial(_served, bench, trained, seed))
            for part in subsets(trained):
                values.setdefault((trained, part), []).append(means[_name(part)])
    rows = []
    for trained in found:
        for served in found:
            seen = tuple(family for family in trained if family in served)
            if seen:
                kind = "fusion" if len(trained) > 1 else "single"
                at = {"trained_on": _name(trained), "served": _name(served), "specialist": trained == served}
                rows.append(result_row("missing", bench, f"trained on {_name(trained)}", kind, values[trained, seen], **at))
    return rows


def _served(bench: Bench, trained: Subset, seed: int) -> dict[str, float]:
    """A model of some families: mean nDCG@10 when only a part of them is there, for each part."""
    keep = {part: [m for family in part for m in bench.families[family]] for part in subsets(trained)}
    model = bench.fit(bench.plan(seed, name=_name(trained), keep=keep[trained]))
    return {_name(part): _mean(bench.quality(model, names)) for part, names in keep.items()}


def verdicts(rows: Sequence[Row]) -> list[tuple[Row, Row, bool]]:
    """Of one shop, for each subset served: the model trained on everything, the specialist, and whether the first holds."""
    whole = max((row["trained_on"] for row in rows), key=lambda name: name.count("+"))
    ours = {row["served"]: row for row in rows if row["trained_on"] == whole}
    specialists = [row for row in rows if row["specialist"]]
    return [(ours[s["served"]], s, ours[s["served"]]["mean"] >= s["mean"] - TOLERANCE) for s in specialists]


def heat_map(rows: Sequence[Row], title: str) -> str:
    """The matrix of one shop, training down and serving across: SVG text. Cells where nothing is left to see are blank."""
    names = list(dict.fromkeys(row["trained_on"] for row in rows))
    many = len(names) > FEW
    side = 0.24 * len(names) + 1.4 if many else 0.3 * len(names) + 4
    figure, (axes,) = panels(1, size=(side + 1.2, side))
    grid = [[float("nan")] * len(names) for _ in names]
    for row in rows:
        grid[names.index(row["trained_on"])][names.index(row["served"])] = row["mean"]
    image = axes.imshow(grid, cmap="viridis", aspect="equal")
    shown = ["".join(family[0].upper() for family in name.split(" + ")) for name in names] if many else names
    small = {"fontsize": 8, "color": INK}
    axes.set_xticks(range(len(names)), shown, rotation=90 if many else 45, ha="right", rotation_mode="anchor", **small)
    axes.set_yticks(range(len(names)), shown, **small)
    letters = f" ({names[0]})" if many else ""
    label(axes, title=f"{title}: nDCG@10{letters}", x="served", y="trained on")
    axes.grid(visible=False)
    if not many:
        middle = (image.norm.vmin + image.norm.vmax) / 2
        for y, line in enumerate(grid):
            for x, value in enumerate(line):
                if value == value:  # noqa: PLR0124 (not NaN)
                    ink = "white" if value < middle else "black"
                    axes.text(x, y, f"{value:.3f}", ha="center", va="center", fontsize=9, color=ink)
    figure.colorbar(image, ax=axes, shrink=0.8).outline.set_visible(False)
    return svg(figure)


def _words(rows: Sequence[Row], shops: Sequence[Shop]) -> str:
    lines, held, asked = [], 0, 0
    for shop in shops:
        for ours, specialist, holds in verdicts([row for row in rows if _of(row, shop)]):
            gap = ours["mean"] - specialist["mean"]
            verdict = "holds" if holds else "**falls short**"
            lines.append((shop.name, ours["served"], mean_and_spread(ours), mean_and_spread(specialist), f"{gap:+.3f}", verdict))
            held, asked = held + holds, asked + 1
    head = ("set", "families served", "trained on all", "trained on these only", "difference", f"≥ specialist − {TOLERANCE}")
    return (
        f"Trained once on everything, the default model is served with each subset of the families that products have; beside it a "
        f"model of the same architecture that was trained on that subset only. It holds in {held} of {asked} cells. Queries are "
        "always seen whole. Chorus is its first fold. The sample store is made up; it is the only set with all five families.\n\n"
        + table(head, lines)
    )


def _of(row: Row, shop: Shop) -> bool:
    return (row["dataset"], row["regime"]) == (shop.importer, shop.regime)


def _name(subset: Subset) -> str:
    return " + ".join(subset)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
