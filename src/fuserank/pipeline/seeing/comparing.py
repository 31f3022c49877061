"""Two rankers on the held-out queries: which queries got worse, and why; as JSON and as a page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.evaluation.entries import qrels_of
from fuserank.explain.modality_shares import modality_shares
from fuserank.files import new_folder
from fuserank.metrics.ranking import PRIMARY, measure
from fuserank.pages import render
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job
from fuserank.pipeline.seeing.contestants import Contestant, Field, Ordered
from fuserank.pipeline.seeing.paired import SAME, Paired, cuts, paired
from fuserank.pipeline.thumbnail import data_uri
from fuserank.pipeline.train import judged_splits
from fuserank.slates import Slate
from fuserank.types import Product, Query

TOP, SIDE, MOVED = 10, 72, 3
LEAST = 0.005  # of a share: less would be shown as 0.00


@dataclass(frozen=True)
class Compared:
    """What was found; `queries` holds all, the worst for the second first: id, text, nDCG@10 of both, difference."""

    names: tuple[str, str]
    summary: Paired
    cuts: list[dict[str, Any]]
    queries: list[dict[str, Any]]
    shown: int
    page: Path


def compare(job: Job, first: str, second: str, *, queries: int = 30) -> Compared:
    """Compare two rankers and write index.html and compare.json into the reports.

    Args:
        first, second: names as `Field.find` reads them, which also says what is raised.
        queries: at most so many are on the page, half of them those that lost most; the JSON has all.
    """
    features, _ = extract(job)
    (slates,) = judged_splits(job, features, ("test",))
    field = Field(job, features)
    sides = field.find(first), field.find(second)
    grades = qrels_of(features, slates)
    by_id = {features.queries.query_ids[slate.query]: slate for slate in slates}
    orders = [{query_id: side.order(slate) for query_id, slate in by_id.items()} for side in sides]
    relevant = job.dataset.manifest.relevant_grade
    values = [measure({q: (o.products, np.empty(0)) for q, o in found.items()}, grades, relevant)[PRIMARY] for found in orders]
    texts = {features.queries.query_ids[slate.query]: features.queries.texts[slate.query] for slate in slates}
    rows = [
        {"query_id": q, "text": texts[q], "first": values[0][q], "second": values[1][q], "difference": values[1][q] - values[0][q]}
        for q in by_id
    ]
    rows.sort(key=lambda row: (row["difference"], row["query_id"]))
    known = _Known({q.query_id: q for q in job.dataset.queries}, {p.product_id: p for p in job.dataset.products})
    cards = [_card(job, field, known, row, by_id[row["query_id"]], sides, orders) for row in _chosen(rows, queries)]
    parts = [
        {"cut": cut, "value": value, "queries": len(ids), **{s: float(np.mean([v[q] for q in ids])) for s, v in _two(values)}}
        for cut, of in cuts(job.dataset, list(by_id)).items()
        for value, ids in of.items()
    ]
    summary = paired([values[0][q] for q in by_id], [values[1][q] for q in by_id])
    notes = [note for side in sides for note in side.notes]
    folder = job.reports / f"compare-{_slug(first)}-{_slug(second)}"
    said = {"dataset": job.name, "data": job.dataset.version, "first": first, "second": second, "notes": notes}
    whole = said | {"summary": asdict(summary), "cuts": parts, "queries": rows}
    with new_folder(folder) as work:
        (work / "compare.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1))
        page = render("compared.html", **whole, sides=[side.said for side in sides], cards=cards, plot=_plot(rows))
        (work / "index.html").write_text(page)
    return Compared((first, second), summary, parts, rows, len(cards), folder / "index.html")


def _two(values: list[dict[str, float]]) -> list[tuple[str, dict[str, float]]]:
    return list(zip(("first", "second"), values, strict=True))


def _chosen(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Half of `most` from the worst end, the rest from the best end; all where there are no more."""
    if len(rows) <= most:
        return rows
    worst = (most + 1) // 2
    return rows[:worst] + rows[len(rows) - (most - worst) :]


@dataclass(frozen=True)
class _Known:
    """The dataset's rows by id."""

    queries: Mapping[str, Query]
    products: Mapping[str, Product]


def _card(
    job: Job,
    field: Field,
    known: _Known,
    row: dict[str, Any],
    slate: Slate,
    sides: tuple[Contestant, ...],
    orders: list[dict[str, Ordered]],
) -> dict[str, Any]:
    """A query with both lists of ten, and why the products that moved most did."""
    query_id = row["query_id"]
    query, products = known.queries[query_id], known.products
    found = [order[query_id] for order in orders]
    ranks = [{product: rank for rank, product in enumerate(order.products, 1)} for order in found]
    grades = job.dataset.qrels.get(query_id, {})
    lists = [
        [
            {
                "title": products[p].title,
                "picture": data_uri(job, products[p].image, SIDE),
                "grade": grades.get(p),
                "relevant": grades.get(p, 0) >= job.dataset.manifest.relevant_grade,
                "rank": rank,
                "other": ranks[1 - at].get(p),
                "rules": list(order.moved_by.get(p, ())),
            }
            for rank, p in enumerate(order.products[:TOP], 1)
        ]
        for at, order in enumerate(found)
    ]
    state = "worse" if row["difference"] < -SAME else "better" if row["difference"] > SAME else "same"
    why = _why(field, slate, sides, found, ranks, products) if state != "same" else []
    return row | {
        "state": state,
        "lists": lists,
        "picture": data_uri(job, query.image, SIDE),
        "sound": bool(query.audio),
        "why": why,
    }


def _why(field: Field, slate: Slate, sides: Any, found: list[Ordered], ranks: Any, products: Any) -> list[dict[str, Any]]:
    """Exact Shapley shares of the products that moved most, each less the mean over both lists: what sets a product apart there."""
    ids = [field.features.catalogue.product_ids[row] for row in slate.rows]
    both = list(dict.fromkeys(p for order in found for p in order.products[:TOP]))
    positions = [ids.index(p) for p in both]
    shares = [_apart(modality_shares(side.probe(slate), positions)) if side.probe else None for side in sides]

    def moved(p: str) -> float:
        places = [of.get(p, TOP + 1) for of in ranks]
        return -abs(*np.diff([1 / np.log2(1 + place) if place <= TOP else 0.0 for place in places]))

    lines = []
    for product in sorted((p for p in both if ranks[0].get(p) != ranks[1].get(p)), key=moved)[:MOVED]:
        at = both.index(product)
        parts = [side[at] for side in shares if side is not None]
        if len(parts) == len(shares):
            one, two = parts
            gained, said = {m: two.get(m, 0.0) - one.get(m, 0.0) for m in {**one, **two}}, "second less first"
        else:
            gained, said = (parts[0] if parts else {}), "of the model alone"
        largest = sorted(((m, share) for m, share in gained.items() if abs(share) >= LEAST), key=lambda item: -abs(item[1]))[:4]
        rules = list(dict.fromkeys(rule for order in found for rule in order.moved_by.get(product, ())))
        title, places = products[product].title, [of.get(product) for of in ranks]
        lines.append({"title": title, "ranks": places, "rules": rules, "shares": largest, "said": said})
    return lines


def _apart(shares: list[dict[str, float]]) -> list[dict[str, float]]:
    names = {name for share in shares for name in share}
    mean = {name: float(np.mean([share.get(name, 0.0) for share in shares])) for name in names}
    return [{name: share.get(name, 0.0) - mean[name] for name in names} for share in shares]


def _plot(rows: list[dict[str, Any]]) -> str:
    """Differences, sorted: SVG text."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots()
    gained = np.array([row["difference"] for row in rows])
    axes.fill_between(range(len(gained)), np.minimum(gained, 0), step="mid", color="#c96f6f")
    axes.fill_between(range(len(gained)), np.maximum(gained, 0), step="mid", color="#2f9e77")
    axes.axhline(0, color="#9aa5b1", linewidth=0.8)
    axes.set_xlabel("queries, by difference")
    axes.set_ylabel("difference of nDCG@10")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _slug(name: str) -> str:
    return re.sub(r"[^\w.@+-]+", "_", name.removeprefix("run:")).strip("._")[-60:] or "ranker"
