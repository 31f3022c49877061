"""What the page of the study `errors` shows: the cuts as tables, then each of the worst queries with its products as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fuserank.pipeline.studies.bench import Bench
from fuserank.pipeline.studies.lost_gain import K
from fuserank.pipeline.studies.mistakes import Mistakes, Placed
from fuserank.pipeline.studies.study import Row
from fuserank.pipeline.thumbnail import data_uri
from fuserank.pipeline.train import default_ranker

SIDE = 88  # pixels of a picture


def page_context(
    bench: Bench, worst: Sequence[Mistakes], found: Sequence[Mistakes], rows: Sequence[Row], parts: Mapping[str, str]
) -> dict[str, Any]:
    """The names that `errors.html` uses.

    Args:
        worst: the queries that are shown.
        found: all test queries.
        rows: of this bench.
        parts: part -> heading of its table.
    """
    products = {product.product_id: product for product in bench.job.dataset.products}
    queries = {query.query_id: query for query in bench.job.dataset.queries}

    def card(placed: Placed) -> dict[str, Any]:
        product = products[placed.product_id]
        return {"placed": placed, "title": product.title, "picture": data_uri(bench.job, product.image, SIDE)}

    return {
        "title": f"What goes wrong: {bench.job.name}",
        "dataset": bench.job.name,
        "ranker": default_ranker(bench.job),
        "queries": len(found),
        "ndcg": float(np.mean([one.ndcg for one in found])),
        "k": K,
        "max_grade": bench.job.dataset.manifest.max_grade,
        "kinds": [row for row in rows if row["part"] == "kind"],
        "tables": [(heading, own) for part, heading in parts.items() if (own := [row for row in rows if row["part"] == part])],
        "worst": [
            {
                "mistakes": one,
                "text": queries[one.query_id].text,
                "picture": data_uri(bench.job, queries[one.query_id].image, SIDE),
                "top": [card(placed) for placed in one.top],
                "missed": [card(placed) for placed in one.missed],
            }
            for one in worst
        ],
    }
