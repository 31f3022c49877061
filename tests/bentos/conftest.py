"""A package over a small sample store, and the service that answers with it."""

import pytest
import torch

from fuserank.serving import load
from tests.served_shops import open_shop, sample_store


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    return open_shop(sample_store(root), root)


@pytest.fixture(scope="session")
def service(shop):
    threads = torch.get_num_threads()
    yield load(shop.package)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def as_served(shop):
    """With the encoder of words that a deployment has unless settings say otherwise."""
    threads = torch.get_num_threads()
    yield load(shop.package, rounded=True)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def some(shop):
    """First query of each kind: text, image, audio, user."""
    media = shop.dataset.media.get
    queries = shop.dataset.queries
    return {
        "text": next(q.text for q in queries if q.text),
        "image": media(next(q.image for q in queries if q.image)),
        "audio": media(next(q.audio for q in queries if q.audio)),
        "user_id": next(q.user_id for q in queries if q.user_id),
    }
