"""1,000 candidates of one query on one thread: stored projections against projecting anew, and LambdaMART on the same features."""

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.baselines.lambdamart import lambdamart
from fuserank.slates import project_catalogue, score_slate
from tests.benchmarks.records import Row, compare
from tests.benchmarks.shop import SHOP_NOTE, make_ranker

RANKERS = ("late", "concat+sequence", "sum+attention", "attention+attention_sequence")
CANDIDATES = 1000


def measure(features, slates) -> list[Row]:
    query = slates[2][0].query
    rows = np.resize(np.arange(len(features.catalogue)), CANDIDATES)
    slate = features.slate(query, rows)
    trees = lambdamart(features, slates[0], slates[1], 0)["LightGBM LambdaMART"]
    result = []
    with threadpool_limits(1):
        for name in RANKERS:
            ranker = make_ranker(features, name)
            stored = project_catalogue(ranker, features)

            def anew(ranker=ranker):
                projected = ranker.project_products(features.product_vectors(rows))
                return score_slate(ranker, projected, features.queries, slate)  # the first rows are the whole catalogue

            def fast(ranker=ranker, stored=stored):
                return score_slate(ranker, stored, features.queries, slate)

            result.append(compare(f"score_1000_ms {name} ({SHOP_NOTE})", fast, anew, "projecting the candidates anew"))
            result.append(compare(f"score_1000_ms {name} beside trees", fast, lambda: trees(slate), "LightGBM LambdaMART"))
        result.append(compare("pair_scores_1000_ms", lambda: features.slate(query, rows)))
    return result
