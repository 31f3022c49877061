"""Ranking measures of a run, by ir-measures (trec_eval underneath): the reference implementation of the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ir_measures
import numpy as np

from fuserank.engines import LOCAL, Engine

Rankings = Mapping[str, tuple[Sequence[str], np.ndarray]]
PRIMARY = "nDCG@10"
PART = 2000  # queries measured at once
DEPTH = 1000  # ranks kept per query, as in TREC; measures below that depth do not change


def ranking_measures(relevant_grade: int) -> dict[str, ir_measures.measures.Measure]:
    """The measures of a leaderboard by name.

    nDCG uses the linear gain and 1 / log2(1 + rank). RR, AP and R count a product as relevant from `relevant_grade` on; a query
    without such a product counts 0 there.
    """
    rel = relevant_grade
    return {
        PRIMARY: ir_measures.nDCG @ 10,
        "MRR@10": ir_measures.RR(rel=rel),  # cut at 10 by `_measured`: trec_eval has no cut, and what has one sorts in Python
        "MAP": ir_measures.AP(rel=rel),
        "Recall@10": ir_measures.R(rel=rel) @ 10,
        "Recall@100": ir_measures.R(rel=rel) @ 100,
    }


def measure(
    rankings: Rankings, qrels: Mapping[str, Mapping[str, int]], relevant_grade: int, engine: Engine = LOCAL
) -> dict[str, dict[str, float]]:
    """Measure a run per query.

    Args:
        rankings: query_id -> (product ids best first, scores descending). Ranks count, scores do not: ties keep the given order.
        qrels: query_id -> product_id -> grade; measured are exactly the queries in it, one without a ranking counts 0.
        engine: where it is done.

    Returns:
        measure name -> query_id -> value in [0, 1].
    """
    names = list(qrels)
    parts = (_part(rankings, qrels, names[start : start + PART]) for start in range(0, len(names), PART))
    values: dict[str, dict[str, float]] = {name: {} for name in ranking_measures(relevant_grade)}
    for measured in engine.map(partial(_measuring, relevant_grade), parts):
        for name, of_queries in measured.items():
            values[name] |= of_queries
    return values


def _part(rankings: Rankings, qrels: Mapping[str, Mapping[str, int]], queries: Sequence[str]) -> tuple[Any, Any]:
    """What is needed to measure some queries: their rankings without scores, and their grades."""
    return {q: list(rankings[q][0][:DEPTH]) for q in queries if q in rankings}, {q: qrels[q] for q in queries}


def _measuring(relevant_grade: int) -> Callable[[tuple[Any, Any]], dict[str, dict[str, float]]]:
    """A worker of an engine: what `_part` gives -> measure name -> query_id -> value."""
    return lambda part: _measured(*part, relevant_grade)


def _measured(
    rankings: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]], relevant_grade: int
) -> dict[str, dict[str, float]]:
    measures = ranking_measures(relevant_grade)
    # A product of grade 0 counts like one that nobody judged, and slates hold thousands of them.
    judged = {q: positive for q, products in qrels.items() if (positive := {p: int(g) for p, g in products.items() if g > 0})}
    # trec_eval breaks ties of scores by product id; falling ranks as scores keep the ranker's own order.
    run = {q: {p: float(-rank) for rank, p in enumerate(products)} for q, products in rankings.items() if q in judged}
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    for result in ir_measures.iter_calc(list(measures.values()), judged, run) if run else ():
        name, value = names[result.measure], float(result.value)
        values[name][result.query_id] = 0.0 if name == "MRR@10" and value < 1 / 10.5 else value
    return values
