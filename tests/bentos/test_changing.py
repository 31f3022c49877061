"""The catalogue changes while it is served: products come with a request, come to stay, change and go."""

import base64
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient

from fuserank.inference_log import InferenceLog, read_log
from fuserank.messages import DeleteRequest, ExplainRequest, GivenProduct, RankRequest, SearchRequest, ShopperQuery, UpsertRequest
from fuserank.serving import Deployment, Lineup, RankingService, explain_answer, open_package
from fuserank.serving.http import create_app
from fuserank.serving.updates import Change, Updates


@pytest.fixture
def own(shop, service):
    """A service of its own: its stock may change."""
    return RankingService(open_package(shop.package), service.modalities, {"text": ("text", "words"), "picture": ("image",)})


@pytest.fixture
def client(own, tmp_path):
    log = InferenceLog(tmp_path / "log")
    deployment = Deployment(Lineup(own), log=log, updates=Updates(tmp_path / "updates"))
    with log, TestClient(create_app(lambda: deployment), base_url="http://127.0.0.1") as client:
        client.deployment = deployment
        yield client


def given(product, media=None, **changed):
    """A product of the data set as a message."""
    fields = {name: getattr(product, name) for name in GivenProduct.model_fields if name not in ("image", "audio")}
    pictures = {kind: media(getattr(product, kind)) for kind in ("image", "audio") if media and getattr(product, kind)}
    return GivenProduct(**fields | pictures | changed)


def search(service, text, k=5):
    return service.search(SearchRequest(query=ShopperQuery(text=text), k=k)).results


def test_a_product_given_with_its_content_scores_as_the_same_product_of_the_catalogue(shop, own, some):
    ids = [p.product_id for p in shop.dataset.products[:12]]
    inside = own.rank(RankRequest(query=ShopperQuery(text=some["text"]), candidates=ids, k=12))
    bag = given(shop.dataset.products[3], shop.dataset.media.get)
    outside = own.rank(RankRequest(query=ShopperQuery(text=some["text"]), candidates=[*ids[:3], bag, *ids[4:]], k=12))
    assert [r.product_id for r in outside.results] == [r.product_id for r in inside.results]
    assert [r.score for r in outside.results] == pytest.approx([r.score for r in inside.results], abs=2e-3)
    assert next(r for r in outside.results if r.product_id == bag.product_id).has_picture
    assert own.stock is own.package.stock, "candidates of a request do not stay"


def test_a_new_product_is_found_changed_and_gone(own):
    new = GivenProduct(product_id="new", title="Zorblax hovering teapot", category="Kitchen", price=12.5)
    assert "new" not in [r.product_id for r in search(own, "zorblax teapot")]
    own.upsert([new])
    assert "new" in [r.product_id for r in search(own, "zorblax teapot", k=20)]
    own.upsert([new.model_copy(update={"title": "Zorblax hovering kettle", "price": 9.0})])
    (found,) = [r for r in search(own, "zorblax kettle", k=60) if r.product_id == "new"]
    assert (found.title, found.price) == ("Zorblax hovering kettle", 9.0)
    assert own.delete(["new", "ghost"]) == ["ghost"]
    assert "new" not in [r.product_id for r in search(own, "zorblax kettle", k=60)]


def test_changes_over_http_are_kept_for_other_workers_and_later_starts(client, shop, own, service, tmp_path):
    picture = base64.b64encode(shop.dataset.media.get(shop.dataset.products[0].image)).decode()
    product = {"product_id": "new", "title": "Zorblax teapot", "image": picture}
    answer = client.put("/v1/products", json={"products": [product, {"product_id": "bad", "title": "x", "image": "aGVsbG8="}]})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "changed": 2,
        "unknown_ids": [],
        "left_out": [{"product_id": "bad", "reason": "image: unsupported_type"}],
        "products": 62,
    }
    assert client.get("/v1/picture", params={"product_id": "new"}).headers["content-type"] == "image/png"
    assert client.get("/v1/product", params={"product_id": "new"}).json()["title"] == "Zorblax teapot"
    gone = client.post("/v1/products/delete", json={"product_ids": ["bad", "ghost"]}).json()
    assert (gone["changed"], gone["unknown_ids"], gone["products"]) == (1, ["ghost"], 61)
    other = RankingService(open_package(shop.package), service.modalities)
    Updates(tmp_path / "updates").catch_up(other)
    assert "new" in other.stock.catalogue and "bad" not in other.stock.catalogue


def test_the_latest_change_of_a_product_holds_whatever_is_seen_first(own, tmp_path):
    updates, one = Updates(tmp_path), GivenProduct(product_id="new", title="first")
    late = Change(upsert=UpsertRequest(products=[one.model_copy(update={"title": "second"})]))
    early = Change(upsert=UpsertRequest(products=[one]))
    (tmp_path / "20260101T000000000002Z-b.json").write_text(late.model_dump_json(exclude_none=True))
    updates.catch_up(own)
    (tmp_path / "20260101T000000000001Z-a.json").write_text(early.model_dump_json(exclude_none=True))
    updates.catch_up(own)
    (row,) = own.stock.catalogue.rows(["new"])
    assert own.stock.details(np.array([row]))[0]["title"] == "second"


def test_a_change_that_cannot_be_read_holds_up_no_other(own, tmp_path):
    updates = Updates(tmp_path)
    (tmp_path / "20200101T000000000000Z-a.json").write_text("{")
    updates.take(Change(delete=DeleteRequest(product_ids=["p0000"])), [own])
    assert "p0000" not in own.stock.catalogue


def test_who_changes_products_hears_of_their_own_media_alone(own, tmp_path):
    def change(number):
        return Change(upsert=UpsertRequest(products=[GivenProduct(product_id=f"bad {number}", title="x", image=b"no picture")]))

    updates, elsewhere = Updates(tmp_path), Updates(tmp_path)
    elsewhere.take(change(0), [RankingService(own.package, own.modalities)])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: updates.take(change(number), [own]), range(1, 9)))
    assert [[left.product_id for left in one] for one in found] == [[f"bad {number}"] for number in range(1, 9)]


def test_answers_and_feedback_are_logged(client, tmp_path, some):
    asked = {"query": {"text": some["text"], "user_id": "someone@example.org"}, "k": 3}
    answer = client.post("/v1/search", json=asked).json()
    event = {
        "action_name": "click", "query_id": answer["request_id"], "timestamp": "2026-01-31T12:00:00Z", "client_id": "someone",
        "event_attributes": {"object": {"object_id": "p0001"}, "position": {"ordinal": 2}, "more": {"read": "past"}},
    }  # fmt: skip
    assert client.post("/v1/feedback", json={"events": [event]}).json() == {"accepted": 1, "dropped": 0}
    client.deployment._log.flush()
    rankings, broken = read_log(tmp_path / "log", "rankings")
    events, _ = read_log(tmp_path / "log", "events")
    assert broken == []
    (line,) = rankings.to_pylist()
    assert line["request_id"] == answer["request_id"] == events["request_id"][0].as_py()
    assert line["product_ids"] == [r["product_id"] for r in answer["results"]]
    assert (line["role"], line["route"], line["has_user"]) == ("champion", "search", True)
    assert "someone" not in str(line["user"]) and {"text", "words"} <= set(dict(line["present"]))
    assert {"text"} <= set(dict(line["query_vectors"]))


def test_without_a_log_feedback_is_dropped_and_says_so(own):
    event = {"action_name": "click", "query_id": "q", "timestamp": "2026-01-31T12:00:00Z"}
    event["event_attributes"] = {"object": {"object_id": "p"}}
    with TestClient(create_app(lambda: Deployment(Lineup(own)))) as client:
        assert client.post("/v1/feedback", json={"events": [event]}).json() == {"accepted": 0, "dropped": 1}


@pytest.mark.parametrize("time", ["2026-01-31T12:00:00", "2999-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z"])
def test_a_time_without_zone_or_that_was_not_is_refused(client, time):
    event = {"action_name": "click", "query_id": "q", "timestamp": time, "event_attributes": {"object": {"object_id": "p"}}}
    reply = client.post("/v1/feedback", json={"events": [event]})
    assert reply.status_code == 422
    assert "timestamp: " in reply.json()["error"]


def test_explanations_add_up_to_the_score_of_the_answer(client, some):
    query = {"text": some["text"], "image": base64.b64encode(some["image"]).decode()}
    answer = client.post("/v1/search", json={"query": query, "k": 5}).json()
    ids = [r["product_id"] for r in answer["results"]]
    asked = {"query": query, "product_ids": ids[:2], "rivals": ids[2:], "parts": ["query_words", "query_heat", "product_heat"]}
    response = client.post("/v1/explain", json=asked)
    assert response.status_code == 200, response.text
    found = response.json()
    assert [p["product_id"] for p in found["products"]] and found["model_version"] == answer["model_version"]
    for product in found["products"]:
        assert product["base"] + sum(product["modalities"].values()) == pytest.approx(product["score"], abs=1e-3)
        assert product["base"] + sum(product["families"].values()) == pytest.approx(product["score"], abs=1e-3)
        assert product["query_words"] and product["query_heat"]["png"]
    assert any(product["product_heat"] for product in found["products"]), found["notes"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_service_on_a_gpu_explains_likewise(shop, own, some):
    there = RankingService(open_package(shop.package, "cuda"), own.modalities, own.families)
    query = ShopperQuery(text=some["text"], image=some["image"])
    parts = ["query_words", "query_heat", "product_heat"]
    request = ExplainRequest(query=query, product_ids=shop.features.catalogue.product_ids[:3], parts=parts)
    for found, wanted in zip(explain_answer(there, request).products, explain_answer(own, request).products, strict=True):
        assert found.modalities == pytest.approx(wanted.modalities, abs=1e-3)
        assert found.product_heat and found.query_heat


def test_filters_leave_only_what_passes(own, shop):
    from fuserank.messages import Filters

    brand = shop.dataset.products[0].brand
    request = SearchRequest(query=ShopperQuery(text="bag mug"), k=60, filters=Filters(brands=[brand.upper()], max_price=1e9))
    found = own.search(request).results
    assert found and {r.brand for r in found} == {brand}
    priced = own.search(replace_filters(request, Filters(min_price=10, max_price=20))).results
    assert priced and all(10 <= r.price <= 20 for r in priced)


def replace_filters(request, filters):
    return request.model_copy(update={"filters": filters})
