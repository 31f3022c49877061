"""The service over HTTP, in this process: exact status codes, one form of error, capped bodies."""

import base64
import json
import re

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuserank.errors import StaleFeatureError
from fuserank.serving import Deployment, Lineup
from fuserank.serving.http import body_cap, create_app
from fuserank.serving.http.body import UNSTATED
from fuserank.settings import MediaSettings

SMALL = MediaSettings(max_image_bytes=3000, max_audio_bytes=3000)


@pytest.fixture(scope="module")
def client(service):
    with TestClient(create_app(lambda: Deployment(Lineup(service)))) as client:
        yield client


def refused(response, status):
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error", "allowed", "todo"}
    assert response.json()["error"] and response.json()["todo"]
    return response.json()["error"]


def test_search_and_rank_answer(client, shop, some):
    found = client.post("/v1/search", json={"query": {"text": some["text"]}, "k": 4})
    assert found.status_code == 200
    ids = [r["product_id"] for r in found.json()["results"]]
    ranked = client.post("/v1/rank", json={"query": {"text": some["text"]}, "candidates": ids[::-1]})
    assert ranked.status_code == 200
    assert sorted(r["product_id"] for r in ranked.json()["results"]) == sorted(ids)
    assert set(found.json()) == {
        "request_id",
        "role",
        "model_version",
        "words",
        "results",
        "candidates",
        "unknown_ids",
        "degraded",
        "notes",
        "rules_version",
        "rules",
        "took_ms",
    }


@pytest.mark.parametrize("part", ["image", "audio"])
def test_media_come_as_base64(client, some, part):
    data = base64.b64encode(some[part]).decode()
    assert client.post("/v1/search", json={"query": {"text": some["text"], part: data}}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/search", {"query": {"text": ""}}, "empty query"),
        ("/v1/search", {}, "query: Field required"),
        ("/v1/search", {"query": {"text": "x", "surprise": 1}}, "query.surprise: Extra inputs"),
        ("/v1/search", {"query": {"image": "###"}}, "query.image: .*not base64"),
        ("/v1/search", {"query": {"image": "aGVsbG8="}}, "unsupported_type: query.image cannot be read"),
        ("/v1/search", {"query": {"text": "x"}, "k": "many"}, "k: Input should be a valid integer"),
        ("/v1/search", {"query": {"text": "x"}, "deadline_ms": -5}, "deadline_ms: .*greater than 0"),
        ("/v1/rank", {"query": {"text": "x"}, "candidates": []}, "candidates: .*at least 1 item"),
        ("/v1/rank", {"query": {"text": "x"}, "candidates": ["p"] * 1001}, "candidates: .*at most 1000"),
        ("/v1/rank", {"query": {"text": "x"}, "candidates": ["ghost"]}, "none of the 1 candidates"),
        ("/v1/rank", {"query": {"text": "x"}, "candidates": [7]}, r"candidates\[0\]: Input should be a valid string"),
        ("/v1/rank", {"query": {"text": "x"}, "candidates": ["p", {"product_id": "x"}]}, r"candidates\[1\].title: Field required"),
        ("/v1/rank", [], "body: Input should be an object"),
    ],
)
def test_wrong_requests_get_422_and_words(client, path, body, words):
    error = refused(client.post(path, json=body), 422)
    assert re.search(words, error), error


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"query": {"text": "\\ud800"}}', b"NaN", b"null", b"[]", b'"x"'])
def test_garbage_is_refused_not_crashed_on(client, raw):
    assert refused(client.post("/v1/search", content=raw, headers={"content-type": "application/json"}), 422)


def test_json_nested_too_deep_to_parse_is_refused(client):
    refused(client.post("/v1/search", content=b'{"query":' * 3000, headers={"content-type": "application/json"}), 422)


@pytest.mark.parametrize("price", [1e308, 10**12 + 1, -1])
def test_a_number_that_validation_would_refuse_is_refused_at_the_door(client, price):
    body = {"products": [{"product_id": "p", "title": "t", "price": 1}, {"product_id": "q", "title": "t", "price": price}]}
    assert "products[1].price" in refused(client.put("/v1/products", json=body), 422)


def test_a_long_name_of_a_field_is_not_sent_back_whole(client):
    assert len(refused(client.post("/v1/search", json={"query": {"text": "x"}, "k" * 10_000: 1}), 422)) < 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/v1/nope", "/v1/search/", "/v1/", "/v1/a/b"])
def test_addresses_that_there_are_not(client, method, path):
    refused(client.request(method, path, follow_redirects=False), 404)


def test_other_paths_and_methods(client):
    refused(client.get("/nowhere"), 404)
    other = client.get("/v1/rank")
    refused(other, 405)
    assert other.headers["allow"] == "POST"


def test_the_schema_is_published_and_no_page_asks_a_cdn(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/rank", "/v1/search", "/v1/explain", "/v1/health"} <= set(paths)
    assert client.get("/docs").status_code == 404


def test_a_body_over_the_cap_is_refused_with_and_without_its_length(service):
    cap = body_cap(SMALL)
    body = json.dumps({"query": {"text": "bag"}}).encode()
    with TestClient(create_app(lambda: Deployment(Lineup(service)), media=SMALL)) as client:
        json_type = {"content-type": "application/json"}
        fits = body + b" " * (cap - len(body))
        assert client.post("/v1/search", content=fits, headers=json_type).status_code == 200
        assert "too large" in refused(client.post("/v1/search", content=fits + b" ", headers=json_type), 413)
        pieces = (fits[i : i + 65536] for i in range(0, UNSTATED, 65536))
        assert client.post("/v1/search", content=pieces, headers=json_type).status_code == 200
        endless = (b" " * 65536 for _ in range(UNSTATED // 65536 + 1))
        assert "too large" in refused(client.post("/v1/search", content=endless, headers=json_type), 413)


def test_a_service_that_cannot_answer_says_503():
    def stale():
        raise StaleFeatureError("other weights", allowed="the pinned ones", todo="install them again")

    with TestClient(create_app(stale)) as client:
        assert refused(client.post("/v1/search", json={"query": {"text": "x"}}), 503) == "the service cannot answer"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["query", "text", "image", "k", "candidates"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["/v1/rank", "/v1/search"]), body=json_values)
def test_any_json_gets_an_answer_or_a_clear_refusal(client, path, body):
    """Infinity and NaN are no JSON, but Python's reader takes them, and so must the service."""
    response = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    if response.status_code != 200:
        refused(response, 422)
