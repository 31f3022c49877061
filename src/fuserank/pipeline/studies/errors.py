"""Errors: what the default ranker gets wrong on test, where the gain is lost, and the worst queries as pages with pictures.

Only the first seed is looked at. Pages go to the reports of each set, for its owner to read: their pictures may not be passed on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from fuserank.files import write_file
from fuserank.model_folder import load_model
from fuserank.pages import render
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.studies.bench import Bench, Shop, Workspace, real_shop
from fuserank.pipeline.studies.contact_sheet import contact_sheet
from fuserank.pipeline.studies.errors_page import page_context
from fuserank.pipeline.studies.figures import SERIES, drawable, label, panels, svg
from fuserank.pipeline.studies.mistakes import Mistakes, mistakes, words_asked
from fuserank.pipeline.studies.study import Row, StudyResult, Tell, result_row, table
from fuserank.pipeline.train import default_ranker

SHOPS = (*(real_shop("fashion", regime) for regime in ("no_colour", "no_colour_type", "full")), real_shop("grocery", "picture"))
SHEETS = (SHOPS[-1],)  # their pictures may be passed on (MIT)
WORST, WORDS, SHEET_ROWS = 12, 15, 8
MIN_QUERIES = 2  # with a word; below that it says nothing of the word
KINDS = {"order": "order", "near": "near miss", "far": "far off", "irrelevant": "irrelevant"}
BEST = {"1": (1, 1), "2–9": (2, 9), "10–99": (10, 99), "100 and more": (100, 10**9)}
PARTS = {
    "kind": "lost by",
    "best": "products of the highest grade",
    "text": "text of the missed products",
    "word": "word",
}


def where_gain_is_lost(
    workspace: Workspace, seeds: Sequence[int], tell: Tell, shops: Sequence[Shop] = SHOPS, sheets: Sequence[Shop] = SHEETS
) -> StudyResult:
    """Parts of 1 - nDCG@10 on test, by several cuts; writes errors.html into the reports of each shop."""
    rows: list[Row] = []
    photos, credit = {}, ""
    for shop in shops:
        bench = workspace.bench(shop)
        found = _measure(bench, seeds[0], tell)
        own = [row for part in (_kinds, _best, _text, _words_asked) for row in part(bench, found)]
        worst = sorted(found, key=lambda one: one.ndcg)
        write_file(
            bench.job.reports / "errors.html", render("errors.html", **page_context(bench, worst[:WORST], found, own, PARTS))
        )
        if shop in sheets:
            photos[f"errors-{shop.importer}-{shop.regime}"] = contact_sheet(bench.job, worst[:SHEET_ROWS])
            credit += _credit(bench)
        rows += own
    return StudyResult("errors", "What goes wrong", rows, _words(rows) + credit, {"errors": draw(rows)}, photos)


def _credit(bench: Bench) -> str:
    """Whose pictures a sheet shows."""
    manifest = bench.job.dataset.manifest
    return f"\nPictures of {bench.shop.name}: {manifest.origin}. Licence: {manifest.licence}.\n"


def _measure(bench: Bench, seed: int, tell: Tell) -> list[Mistakes]:
    tell(f"{bench.shop.name}: errors of {default_ranker(bench.job)}, seed {seed}")
    sources = tuple(f"pipeline/studies/{name}.py" for name in ("mistakes", "lost_gain"))
    return [Mistakes.of(one) for one in bench.cells("errors", *sources)(f"seed {seed}", partial(_found, bench, seed))]


def _found(bench: Bench, seed: int) -> list[dict[str, object]]:
    model = bench.fit(bench.plan(seed))
    return [one.as_dict() for one in mistakes(bench, score_with(bench.features, load_model(model.folder)[0], model.plan.keep))]


def _row(bench: Bench, of: Sequence[Mistakes], part: str, value: str, **own: float | None) -> Row:
    """One row: the mean is that of the queries `of`."""
    mean = float(np.mean([one.ndcg for one in of]))
    return result_row("errors", bench, default_ranker(bench.job), "fusion", [mean], part=part, value=value, queries=len(of), **own)


def _lost(lost: float, found: Sequence[Mistakes]) -> dict[str, float | None]:
    """`lost`: points of the mean nDCG@10 over all queries; `share`: in all that is lost, None when nothing is."""
    whole = sum(one.lost.whole for one in found)
    return {"lost": lost / len(found), "share": lost / whole if whole else None}


def _kinds(bench: Bench, found: Sequence[Mistakes]) -> list[Row]:
    """The loss by how far off the products shown are."""
    sums = {value: sum(getattr(one.lost, name) for one in found) for name, value in KINDS.items()}
    return [_row(bench, found, "kind", value, **_lost(lost, found)) for value, lost in sums.items()]


def _best(bench: Bench, found: Sequence[Mistakes]) -> list[Row]:
    """The loss by how many products of its highest grade a query has."""
    groups = {name: [one for one in found if low <= one.best <= high] for name, (low, high) in BEST.items()}
    return [_row(bench, of, "best", name, **_lost(sum(one.lost.whole for one in of), found)) for name, of in groups.items() if of]


def _text(bench: Bench, found: Sequence[Mistakes]) -> list[Row]:
    """The loss by choice, of queries with words, by whether words could have told it."""
    asked = [one for one in found if one.all_in_text is not None]
    if not asked:
        return []
    told = sum(one.lost.choice * (one.all_in_text or 0.0) for one in asked)
    rest = sum(one.lost.choice for one in asked) - told
    parts = {"has every word asked for": told, "lacks a word: other modalities must tell": rest}
    return [_row(bench, asked, "text", value, **_lost(lost, found)) for value, lost in parts.items()]


def _words_asked(bench: Bench, found: Sequence[Mistakes]) -> list[Row]:
    """The words whose queries lose most above the average query, the worst first; `learned`: training queries with the word."""
    average, rows = float(np.mean([one.lost.whole for one in found])), []
    learned = Counter(word for words in words_asked(bench, bench.train) for word in words)
    for word in sorted({word for one in found for word in one.words}):
        of = [one for one in found if word in one.words]
        above = sum(one.lost.whole - average for one in of) / len(found)
        known = [(one.word_in_text[word], one.lost.choice) for one in of if word in one.word_in_text]
        weight = sum(choice for _, choice in known)
        in_text = sum(share * choice for share, choice in known) / weight if weight else None
        if len(of) >= MIN_QUERIES and above > 0:
            rows.append(_row(bench, of, "word", word, above_average=above, in_text=in_text, learned=learned[word]))
    return sorted(rows, key=lambda row: -row["above_average"])[:WORDS]


def draw(rows: Sequence[Row]) -> str:
    """A line of two panels for each set: the loss by its cuts, and the words that cost most: SVG text."""
    shops = list(dict.fromkeys((r["dataset"], r["regime"]) for r in rows))
    figure, grid = panels(2 * len(shops), columns=2, size=(6.2, 3.6))
    colours = dict(zip(PARTS, SERIES, strict=False))
    for i, shop in enumerate(shops):
        here = [r for r in rows if (r["dataset"], r["regime"]) == shop]
        by_part = {part: [r for r in here if r["part"] == part] for part in PARTS}
        words = by_part.pop("word")
        cuts = [r for of in by_part.values() if len(of) > 1 for r in of]
        for axes, shown, key, x in (
            (grid[2 * i], cuts, "lost", "points of nDCG@10 lost"),
            (grid[2 * i + 1], words, "above_average", "points of nDCG@10 lost above the average query"),
        ):
            places = range(len(shown))[::-1]
            axes.barh(places, [r[key] for r in shown], color=[colours[r["part"]] for r in shown], height=0.7)
            axes.set_yticks(places, [_tick(r) for r in shown])
            axes.tick_params(axis="y", labelsize=7)
            axes.grid(axis="y", visible=False)
            label(axes, title=", ".join(shop) if key == "lost" else "words", x=x)
    return svg(figure)


def _tick(row: Mapping[str, object]) -> str:
    """A bar's name; a word says how many queries have it."""
    prefix = {"best": "best products: ", "text": "text "}.get(str(row["part"]), "")
    return drawable(f"{row['value']} ({row['queries']})") if row["part"] == "word" else f"{prefix}{row['value']}"


def _words(rows: Sequence[Row]) -> str:
    parts = [
        "One seed. A query's loss is 1 − nDCG@10; its parts sum to it: *order* would be won by ordering the ten shown by grade; "
        "the rest would be won by other products in their places, and is put down to what stands there: one grade too low (*near "
        "miss*), lower but judged above 0 (*far off*), or *irrelevant*. A missed product is one that an ideal ten would show. "
        "Points are of the mean nDCG@10. A word's points: what would be won if its queries lost no more than the average query; "
        "a photo's words are those in the title of its best product; all words are stems. The worst queries stand with their "
        "pictures on `reports/<dataset>/errors.html`, which the study writes.\n"
    ]
    for dataset, regime in dict.fromkeys((r["dataset"], r["regime"]) for r in rows):
        parts.append(f"**{dataset}, {regime}**\n")
        here = [r for r in rows if (r["dataset"], r["regime"]) == (dataset, regime)]
        for part in dict.fromkeys(r["part"] for r in here):
            parts.append(_table(PARTS[part], [r for r in here if r["part"] == part]))
    return "\n".join(parts)


def _table(head: str, rows: Sequence[Row]) -> str:
    if rows[0]["part"] == "word":
        words = [
            (r["value"], r["learned"], r["queries"], f"{r['mean']:.3f}", f"{r['above_average']:.4f}", _percent(r["in_text"]))
            for r in rows
        ]
        names = ("training queries", "queries", "their nDCG@10", "points above the average", "in the text of missed products")
        return table((head, *names), words)
    lines = [(r["value"], r["queries"], f"{r['mean']:.3f}", f"{r['lost']:.4f}", _percent(r["share"])) for r in rows]
    return table((head, "queries", "their nDCG@10", "points lost", "share"), lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
