"""The client against the service, over real connections: the answers of the library, and the service's words for what is wrong."""

import pytest

from fuserank.client import Client
from fuserank.errors import AccessError, RequestError
from fuserank.messages import Filters, GivenProduct, SearchRequest, ShopperQuery
from fuserank.serving import Deployment, Lineup
from fuserank.serving.http import TokenGate, create_app
from tests.asgi_server import served


@pytest.fixture(scope="module")
def deployment(service):
    return Deployment(Lineup(service))


@pytest.fixture(scope="module")
def client(deployment):
    with served(TokenGate(create_app(lambda: deployment), None)) as url, Client(url, timeout=60) as client:
        yield client


def lines(response):
    return [(line.product_id, pytest.approx(line.score, abs=1e-5)) for line in response.results]


@pytest.mark.parametrize("part", ["text", "image", "audio", "user_id"])
def test_a_search_gives_the_answer_of_the_library(client, service, some, part):
    query = ShopperQuery(**{part: some[part]})
    here = service.search(SearchRequest(query=query, k=4))
    words, parts = (some["text"], {}) if part == "text" else ("", {part: some[part]})
    for there in (client.search(words, k=4, **parts), client.search(query, k=4)):
        assert lines(there) == lines(here)
        assert (there.model_version, there.words, there.degraded) == (here.model_version, here.words, here.degraded)


def test_media_may_be_files(client, some, tmp_path):
    (tmp_path / "photo").write_bytes(some["image"])
    assert lines(client.search(image=tmp_path / "photo")) == lines(client.search(image=some["image"]))


def test_a_search_keeps_to_its_filters(client):
    answer = client.search("mug", k=50, depth=1000, filters=Filters(max_price=20.0))
    assert answer.results
    assert all(line.price is not None and line.price <= 20 for line in answer.results)


def test_candidates_are_ranked_and_explained(client, shop, some):
    ids = shop.features.catalogue.product_ids[:6]
    ranked = client.rank(some["text"], [*ids, "ghost"])
    assert sorted(line.product_id for line in ranked.results) == sorted(ids)
    assert ranked.unknown_ids == ["ghost"]
    best = ranked.results[0]
    why = client.explain(some["text"], [best.product_id], rivals=ids)
    (product,) = why.products
    assert product.base + sum(product.modalities.values()) == pytest.approx(product.score, abs=1e-3)
    assert product.score == pytest.approx(best.score, abs=1e-3)


def test_products_pictures_and_health(client, shop, service):
    with_picture = next(p for p in shop.dataset.products if p.image)
    without = next(p for p in shop.dataset.products if not p.image)
    assert client.picture(with_picture.product_id).startswith(b"\x89PNG")
    assert client.picture(without.product_id) is None
    assert client.product(without.product_id).title == without.title
    health = client.health()
    assert (health.status, [model.version for model in health.models]) == ("ok", [service.version])
    with pytest.raises(RequestError, match="no such product"):
        client.picture("ghost")


def test_what_the_service_refuses_comes_in_its_words(client):
    with pytest.raises(RequestError, match="none of the 1 candidates") as caught:
        client.rank("bag", ["ghost"])
    assert caught.value.came and caught.value.allowed and caught.value.todo
    with pytest.raises(RequestError, match=r"query\.image cannot be read"):
        client.search(image=b"hello")
    with pytest.raises(RequestError, match="no challenger is served"):
        client.search("bag", model="challenger")


def test_the_token_opens_the_service(deployment):
    with served(TokenGate(create_app(lambda: deployment), "sécret")) as url:
        with Client(url, token="sécret") as client:
            assert client.health().models
        for token in (None, "other"):
            with Client(url, token=token) as client, pytest.raises(AccessError, match="no valid token"):
                client.health()


def test_candidates_may_come_with_their_content(client, shop):
    """Not yet ranked by content, but the request is one that the service takes."""
    known = shop.features.catalogue.product_ids[0]
    answer = client.rank("mug", [GivenProduct(product_id=known, title="a mug", price=3.5)])
    assert [line.product_id for line in answer.results] == [known]
