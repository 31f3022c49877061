"""1,000 candidates of one query on one thread: what is stored of products against other ways to have it, and LambdaMART."""

import numpy as np
from threadpoolctl import threadpool_limits

from fuserank.baselines.lambdamart import lambdamart
from fuserank.slates import project_catalogue, score_slate, store_catalogue
from tests.benchmarks.records import Row, compare, record
from tests.benchmarks.shop import SHOP_NOTE, make_ranker

RANKERS = ("late", "concat+sequence", "sum+attention", "attention+attention_sequence", "late+concat+sequence")
CANDIDATES = 1000
ROUNDS = 60


def measure(features, slates) -> list[Row]:
    query = next(s.query for s in slates[2] if features.queries.texts[s.query])
    rows = np.resize(np.arange(len(features.catalogue)), CANDIDATES)
    slate = features.slate(query, rows)
    trees = lambdamart(features, slates[0], slates[1], 0)["LightGBM LambdaMART"]
    result = []
    with threadpool_limits(1):
        for name in RANKERS:
            ranker = make_ranker(features, name)
            stored, apart = store_catalogue(ranker, features), project_catalogue(ranker, features)

            def ours(ranker=ranker, stored=stored):
                return score_slate(ranker, stored, features.queries, slate)

            def by_modality(ranker=ranker, apart=apart):
                return score_slate(ranker, apart, features.queries, slate)

            def anew(ranker=ranker):
                projected = ranker.project_products(features.product_vectors(rows))
                return score_slate(ranker, projected, features.queries, slate)  # the first rows are the whole catalogue

            def with_pairs(ranker=ranker, stored=stored):
                return score_slate(ranker, stored, features.queries, features.slate(query, rows))

            peers = {
                "stored modality by modality": by_modality,
                "projecting the candidates anew": anew,
                "LightGBM LambdaMART": lambda: trees(slate),
            }
            label = f"{name} ({SHOP_NOTE})"
            result += [compare(f"score_1000_ms {label}", ours, peer, said, rounds=ROUNDS) for said, peer in peers.items()]
            both = "LightGBM LambdaMART with pair scores"
            result.append(
                compare(
                    f"score_1000_with_pairs_ms {label}", with_pairs, lambda: trees(features.slate(query, rows)), both, rounds=ROUNDS
                )
            )
            whole = apart.nbytes / len(apart)
            result.append(
                record(f"bytes_per_product {name}", [stored.bytes_per_product], [whole], "stored modality by modality", "bytes")
            )
        result.append(compare("pair_scores_1000_ms", lambda: features.slate(query, rows), rounds=ROUNDS))
    return result
