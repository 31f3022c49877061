"""A dataset whose judgments come from clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fuserank.click_models import CLICK_MODELS, ClickEstimate, ClickLog
from fuserank.click_models.from_interactions import from_interactions
from fuserank.click_models.grading import FEWEST_LOOKS, judged, judgments
from fuserank.data.dataset import Dataset, write_dataset
from fuserank.data.target import target_folder
from fuserank.errors import TooFewError
from fuserank.files import write_file
from fuserank.types import SCHEMAS, Product, Query

NOTE = "clicks.json"  # beside the dataset, with its name in front


@dataclass(frozen=True)
class JudgedByClicks:
    """What came of it.

    Attributes:
        dataset: the new one.
        lists: that were read: each shopper once a query, robots left out.
        queries, judgments: by clicks.
        kept: queries without enough clicks, which keep the judgments that they had.
        estimate: of the click model.
        note: the file that holds all this.
    """

    dataset: Dataset
    lists: int
    queries: int
    judgments: int
    kept: int
    estimate: ClickEstimate
    note: Path


def judge_clicks(base: Dataset, model: str, target: Path, *, fewest: float = FEWEST_LOOKS) -> JudgedByClicks:
    """Estimate a click model from the dataset's interactions and write the dataset again with its judgments.

    A query without enough clicks keeps the judgments that it had, with their source.

    Args:
        model: name in CLICK_MODELS.
        target: the dataset folder to make or replace.
        fewest: looks that a product needs to be judged.

    Raises:
        UnknownNameError: no such model.
        TooFewError: no clicks, none that tell products apart, or what the model says.
        InputError: something else stands at `target`, or the dataset itself.
    """
    estimator, place = CLICK_MODELS[model], target_folder(target, base.root)
    log = click_log(base)
    estimate = estimator(log)
    found = dict(_on_their_side(base, judged(log, estimate, max_grade=base.manifest.max_grade, fewest=fewest)))
    if not found:
        raise TooFewError(
            f"no query has products of different grades with {fewest:g} looks or more in {log.lists} lists",
            allowed="queries that were shown often enough",
            todo="lower --looks, or collect more behaviour",
        )
    rows = pa.Table.from_pylist([asdict(row) for row in judgments(iter(found.items()))], schema=SCHEMAS["judgments"])
    before = base.table("judgments")
    left = before.filter(pc.invert(pc.is_in(before["query_id"], pa.array(list(found), pa.string()))))
    dataset = write_dataset(
        place,
        base.manifest,
        products=base.products,
        queries=base.queries,
        judgments=pa.concat_tables([rows, left]),
        interactions=base.interactions,
        media=_media(base),
    )
    kept = len(set(left["query_id"].to_pylist()))
    note = place.with_name(f"{place.name}.{NOTE}")
    result = JudgedByClicks(dataset, log.lists, len(found), len(rows), kept, estimate, note)
    write_file(note, json.dumps(as_dict(result, model), indent=1))
    return result


def click_log(dataset: Dataset) -> ClickLog:
    """The lists of its interactions, of queries and products that it holds."""
    events = dataset.table("interactions")
    queries = [query.query_id for query in dataset.queries]
    products = [product.product_id for product in dataset.products]
    known = pc.and_(pc.is_in(events["query_id"], pa.array(queries)), pc.is_in(events["product_id"], pa.array(products)))
    return from_interactions(events.filter(known))


def as_dict(result: JudgedByClicks, model: str) -> dict[str, object]:
    """What is kept as JSON, and printed for machines."""
    return {
        "model": model,
        "lists": result.lists,
        "queries": result.queries,
        "judgments": result.judgments,
        "kept_queries": result.kept,
        "examination": [round(float(share), 6) for share in result.estimate.examination],
    }


def _on_their_side(base: Dataset, found: Iterator[tuple[str, dict[str, int]]]) -> Iterator[tuple[str, dict[str, int]]]:
    """Without products of another split than the query's: they are no candidates there."""
    splits = {query.query_id: query.split for query in base.queries}
    sides = {product.product_id: product.split for product in base.products}
    for query, grades in found:
        here = {product: grade for product, grade in grades.items() if sides[product] in (None, splits[query])}
        if len(set(here.values())) > 1:
            yield query, here


def _media(base: Dataset) -> Iterator[bytes]:
    rows: list[Product | Query] = [*base.products, *base.queries]
    named = (digest for row in rows for digest in (row.image, row.audio) if digest)
    return (base.media.get(digest) for digest in dict.fromkeys(named) if digest in base.media)
