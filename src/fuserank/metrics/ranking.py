"""Ranking measures of a run, by ir-measures (trec_eval underneath): the reference implementation of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
import pandas as pd

PRIMARY = "nDCG@10"
DEPTH = 1000  # ranks kept per query, as in TREC; measures below that depth do not change


def ranking_measures(relevant_grade: int) -> dict[str, ir_measures.measures.Measure]:
    """The measures of a leaderboard by name.

    nDCG uses the linear gain and 1 / log2(1 + rank). RR, AP and R count a product as relevant from `relevant_grade` on; a query
    without such a product counts 0 there.
    """
    rel = relevant_grade
    return {
        PRIMARY: ir_measures.nDCG @ 10,
        "MRR@10": ir_measures.RR(rel=rel) @ 10,
        "MAP": ir_measures.AP(rel=rel),
        "Recall@10": ir_measures.R(rel=rel) @ 10,
        "Recall@100": ir_measures.R(rel=rel) @ 100,
    }


def measure(
    rankings: Mapping[str, tuple[Sequence[str], np.ndarray]], qrels: Mapping[str, Mapping[str, int]], relevant_grade: int
) -> dict[str, dict[str, float]]:
    """Measure a run per query.

    Args:
        rankings: query_id -> (product ids best first, scores descending). Ranks count, scores do not: ties keep the given order.
        qrels: query_id -> product_id -> grade; measured are exactly the queries in it, one without a ranking counts 0.

    Returns:
        measure name -> query_id -> value in [0, 1].
    """
    measures = ranking_measures(relevant_grade)
    # A product of grade 0 counts like one that nobody judged, and slates hold thousands of them.
    judged = pd.DataFrame(
        [(q, p, int(g)) for q, products in qrels.items() for p, g in products.items() if g > 0],
        columns=["query_id", "doc_id", "relevance"],
    )
    # trec_eval breaks ties of scores by product id; falling ranks as scores keep the ranker's own order.
    run = pd.DataFrame(
        [(q, p, float(-rank)) for q, (products, _) in rankings.items() if q in qrels for rank, p in enumerate(products[:DEPTH])],
        columns=["query_id", "doc_id", "score"],
    )
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    for result in ir_measures.iter_calc(list(measures.values()), judged, run):
        values[names[result.measure]][result.query_id] = float(result.value)
    return values
