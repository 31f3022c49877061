"""What the drift study found, in words, tables and a picture."""

from __future__ import annotations

from collections.abc import Sequence

from fuserank.pipeline.studies.figures import Curve, colours_of, draw_curves, legend_below, panels, svg
from fuserank.pipeline.studies.study import Row, table

NOTHING = "nothing"
ENOUGH = 0.95


def draw(rows: Sequence[Row]) -> str:
    """Share found by the size of the batch, all of it drifted, and by the share that has drifted: SVG text."""
    found = [row for row in rows if not row["injection"].startswith("feedback")]
    names = list(dict.fromkeys(row["injection"] for row in found))
    colours = colours_of(names)
    by_share = [row for row in found if row["drifted"] not in (0.2, 1.0)]
    middle = by_share[-1]["size"] if by_share and by_share[-1]["drifted"] else max(row["size"] for row in found)
    figure, (left, right) = panels(2, size=(4.6, 3.4), sharey=True)
    for name in names:
        whole = sorted((r["size"], r["mean"]) for r in _first(found, name) if r["drifted"] in (0.0, 1.0))
        part = sorted((r["drifted"], r["mean"]) for r in _first(found, name) if r["size"] == middle)
        draw_curves(left, [_curve(name, whole)], colours, title="all of it drifted", x="products in the batch", y="share found")
        if name != NOTHING:
            draw_curves(right, [_curve(name, part)], colours, title=f"{middle} products", x="share that drifted", y="")
    left.set_xscale("log", base=2)
    ticks = sorted({row["size"] for row in found})
    left.set_xticks(ticks, [str(tick) for tick in ticks])
    left.minorticks_off()
    legend_below(figure, left)
    return svg(figure)


def words(rows: Sequence[Row]) -> str:
    """Tables of false alarms, of what is found, and of feedback."""
    parts = [
        "A reference of n products and a batch of n others are drawn from one shop, again and again, and judged with the default "
        "settings. A share of the batch is replaced by drifted products. Intervals are those of Clopper and Pearson, 95 %.\n"
    ]
    for shop in dict.fromkeys((row["dataset"], row["regime"]) for row in rows):
        here = [row for row in rows if (row["dataset"], row["regime"]) == shop and not row["injection"].startswith("feedback")]
        if here:
            parts.append(f"**{', '.join(shop)}: false alarms**\n\n" + _alarms([row for row in here if row["injection"] == NOTHING]))
            parts.append(f"**{', '.join(shop)}: drift found**\n\n" + _found([row for row in here if row["injection"] != NOTHING]))
    told = [row for row in rows if row["injection"].startswith("feedback")]
    if told:
        parts.append("**Quality from feedback: found to drop, simulated shoppers**\n\n" + _stories(told))
    return "\n".join(parts)


def detection_size(rows: Sequence[Row], size: int) -> float | None:
    """The smallest share of a batch of `size` that is found at least 95 % of the time, also at all larger shares; None: none is."""
    by_share = {row["drifted"]: row["mean"] for row in rows if row["size"] == size and row["drifted"]}
    return _smallest(by_share)


def delay(rows: Sequence[Row], share: float) -> int | None:
    """The smallest batch in which a drift of `share` is found at least 95 % of the time, and in all larger ones; None: none is."""
    found = _smallest({row["size"]: row["mean"] for row in rows if row["drifted"] == share})
    return None if found is None else int(found)


def _smallest(means: dict[float, float]) -> float | None:
    best = None
    for at in sorted(means, reverse=True):
        if means[at] < ENOUGH:
            break
        best = at
    return best


def _alarms(rows: Sequence[Row]) -> str:
    lines = [(r["size"], r["batches"], f"{r['mean']:.1%}", f"{r['low']:.1%} to {r['high']:.1%}") for r in rows]
    return table(("products a side", "batches", "false alarms", "95 % interval"), lines)


def _found(rows: Sequence[Row]) -> str:
    shares, sizes = sorted({r["drifted"] for r in rows}), sorted({r["size"] for r in rows})
    middle = max(sizes, key=lambda size: sum(r["size"] == size for r in rows))
    lines = []
    for name in dict.fromkeys(r["injection"] for r in rows):
        here = [r for r in rows if r["injection"] == name]
        cell = {(r["size"], r["drifted"]): f"{r['mean']:.0%}" for r in here}
        smallest, most, fifth = detection_size(here, middle), delay(here, 1.0), delay(here, 0.2)
        lines.append((
            name,
            *(cell.get((middle, share), "–") for share in shares),
            "–" if smallest is None else f"{smallest:.0%}",
            *(cell.get((size, 1.0), "–") for size in sizes),
            *("–" if many is None else str(many) for many in (most, fifth)),
        ))  # fmt: skip
    head = (
        "drift", *(f"{share:.0%} of {middle}" for share in shares), "detection size", *(f"all of {size}" for size in sizes),
        "delay, all drifted", "delay, a fifth",
    )  # fmt: skip
    return table(head, lines)


def _stories(rows: Sequence[Row]) -> str:
    sizes = sorted({r["size"] for r in rows})
    cell = {(r["injection"], r["size"]): f"{r['mean']:.0%}" for r in rows}
    names = dict.fromkeys(r["injection"] for r in rows)
    lines = [(name.removeprefix("feedback: "), *(cell[name, size] for size in sizes)) for name in names]
    return table(("answers a side", *sizes), lines)


def _first(rows: Sequence[Row], name: str) -> list[Row]:
    """The rows of an injection in the first shop that has it."""
    of_name = [row for row in rows if row["injection"] == name]
    return [row for row in of_name if row["dataset"] == of_name[0]["dataset"]]


def _curve(name: str, points: Sequence[tuple[float, float]]) -> Curve:
    return Curve(name, [x for x, _ in points], [y for _, y in points], [0.0] * len(points))
