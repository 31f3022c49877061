"""Step: what the chosen ranker answers to some test queries of each language."""

from __future__ import annotations

import numpy as np

from fuserank.model_folder import load_model
from fuserank.pipeline.evaluate import score_with
from fuserank.pipeline.extract import extract
from fuserank.pipeline.train import slates_of
from fuserank.recipes.report import Section
from fuserank.recipes.running import Run


def example_answers(run: Run, locales: list[str], queries: int = 3, shown: int = 3) -> dict[str, list[str]]:
    """query id -> ids of the products shown for it, best first.

    Args:
        locales: languages of the queries.
        queries: of each language.
        shown: products for each query.
    """
    job = run.job
    features, _ = extract(job)
    ranker, _ = load_model(run.found["leaderboard"].challenger)
    score = score_with(features, ranker, tuple(m.name for m in job.modalities))
    asked = {query.query_id: query for query in job.dataset.queries}
    found: dict[str, list[str]] = {}
    rows: list[tuple[str | int, ...]] = []
    for locale in locales:
        left = queries
        for slate in slates_of(job, features)[2]:
            query = asked[features.queries.query_ids[slate.query]]
            if not left or query.locale != locale or not query.text:
                continue
            left -= 1
            best = np.argsort(-score(slate), kind="stable")[:shown]
            products = [job.dataset.products[slate.rows[place]] for place in best]
            found[query.query_id] = [product.product_id for product in products]
            rows += [
                (query.text, rank, product.title, int(slate.grades[place]))
                for rank, (place, product) in enumerate(zip(best, products, strict=True), 1)
            ]
    words = f"test queries in {', '.join(locales)}, the grade that each product was judged with beside it"
    run.show(Section("answers", words, ("query", "rank", "product", "grade"), tuple(rows)))
    return found
