"""A shopper's history in a request gives the scores that the same history gives in training."""

import numpy as np
import pytest
import torch

from fuserank.features import build_catalogue, build_query_features, histories
from fuserank.messages import RankRequest, SearchRequest, ShopperQuery
from fuserank.modalities import make_modalities
from fuserank.modalities.shopping_log import DAY
from fuserank.model_folder import DataIdentity, ModelMeta, save_model
from fuserank.ranker import Ranker, RankerSpec
from fuserank.serving import RankingService, build_package, open_package
from fuserank.slates import Features, project_catalogue, score_slate
from fuserank.types import Interaction, Product, Query
from tests.unit.features.test_catalogue import WORDS, Words

PRODUCTS = [Product(f"p{n}", f"{WORDS[n % 4]} {WORDS[n % 3]}") for n in range(12)]
LOG = [
    Interaction((10 * user + n) * DAY, f"u{user}", f"s{n}", None, f"p{(user + n) % 8}", "purchase", None)
    for user in range(6)
    for n in range(4)
]


@pytest.fixture(scope="module", params=[("concat", "sequence", 0), ("", "", 8)], ids=["network", "late"])
def shop(tmp_path_factory, request):
    """Features with a query of now, the ranker, and the service of a package over them."""
    fusion, scorer, late = request.param
    root = tmp_path_factory.mktemp("behaviour")
    modalities = [Words("history", True), *make_modalities(["behaviour"])]
    no_media: dict[str, bytes] = {}
    catalogue, _ = build_catalogue(PRODUCTS, modalities, None, no_media.__getitem__, interactions=LOG, moments=[20 * DAY])
    asked = [Query("now", user_id="u3"), Query("stranger", user_id="nobody")]
    queries, _ = build_query_features(asked, modalities, catalogue, None, no_media.__getitem__, histories(LOG))
    features = Features(modalities, catalogue, queries)
    torch.manual_seed(0)
    ranker = Ranker(RankerSpec(features.specs(), fusion, scorer, width=8, rank=4, late=late)).eval()
    with torch.no_grad():  # a new ranker is its prior alone
        for parameter in ranker.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    meta = ModelMeta(
        name=ranker.spec.name,
        ranker=ranker.spec.as_dict(),
        encoders={m.name: m.encoder.info for m in modalities if m.encoder},
        data=DataIdentity(name="made up", version="0" * 64, sources=("purchase",)),
    )
    save_model(root / "model", ranker, meta)
    folder = build_package(
        root / "package",
        model_folder=root / "model",
        products=PRODUCTS,
        catalogue=catalogue,
        histories=histories(LOG),
        modalities=modalities,
        read_bytes={}.__getitem__,
    )
    return features, ranker, RankingService(open_package(folder), modalities)


def test_a_request_gets_the_scores_of_the_plain_path(shop):
    features, ranker, service = shop
    ids, rows = features.catalogue.product_ids, np.arange(len(PRODUCTS))
    for q, user in enumerate(("u3", "nobody")):
        plain = score_slate(ranker, project_catalogue(ranker, features), features.queries, features.slate(q, rows))
        answer = service.rank(RankRequest(query=ShopperQuery(user_id=user), candidates=ids, k=len(ids)))
        served = {result.product_id: result.score for result in answer.results}
        assert [served[product_id] for product_id in ids] == pytest.approx(plain.tolist(), abs=1e-5)


def test_shoppers_differ(shop):
    _, _, service = shop
    one, other = (
        service.rank(RankRequest(query=ShopperQuery(user_id=user), candidates=[p.product_id for p in PRODUCTS], k=12)).results
        for user in ("u3", "u0")
    )
    assert {r.product_id: r.score for r in one} != {r.product_id: r.score for r in other}


def test_a_search_without_words_finds_what_the_past_points_to(shop):
    _, _, service = shop
    found = service.search(SearchRequest(query=ShopperQuery(user_id="u3"), k=12, depth=5))
    assert {"p3", "p4", "p5", "p6"} <= {r.product_id for r in found.results}, "four products that the shopper took"
    assert service.search(SearchRequest(query=ShopperQuery(user_id="nobody"))).candidates == 0
