"""The first phase finds exactly what looking at every product would find, in a catalogue that grew too; filters never starve it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.features import Catalogue, build_catalogue, build_query_features, extended, screens, without
from fuserank.features.segments import Growth
from fuserank.features.stacked_rows import StackedRows
from fuserank.modalities.base import cosines
from fuserank.serving.retrieval import nearest, retrieve
from fuserank.types import Product, Query
from tests.unit.features.test_catalogue import MODALITIES, Picture, Words, read


def looking_at_all(modality, catalogue, query, depth, able):
    """Reference: every pair score, sorted as a whole."""
    scores = modality.pair(query, np.asarray(catalogue.vectors[modality.name]))[:, 0]
    order = np.argsort(-np.where(able, scores, -np.inf), kind="stable")
    return [row for row in order.tolist() if able[row]][:depth]


@pytest.mark.parametrize("few", [0, 1000], ids=["bytes", "floats"])
@settings(max_examples=25)
@given(st.integers(0, 999), st.integers(1, 20), st.lists(st.integers(0, 40), min_size=1, max_size=3))
def test_the_nearest_are_those_of_looking_at_all(few, seed, depth, sizes):
    rng = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screens, "FEW", few)
        # Few distinct vectors, so that equal scores stand at the cut; small whole numbers, so that their sums do not round.
        parts = [rng.choice(rng.integers(-3, 4, (12, 24)).astype(np.float16), size) for size in sizes]
        count = sum(sizes)
        alive, present, allowed = (rng.random(count) < share for share in (0.8, 0.9, 0.5))
        growth = Growth(Catalogue([], (), {}, np.zeros((0, 1), bool)), (), alive)
        ids = [str(row) for row in range(count)]
        catalogue = Catalogue(ids, ("text",), {"text": StackedRows(parts)}, present[:, None], growth=growth)
        query = rng.integers(-3, 4, 24).astype(np.float32)
        for able in (present, present & allowed, np.zeros(count, bool)):
            found = nearest(Words(), catalogue, query, depth, able)
            assert found.tolist() == looking_at_all(Words(), catalogue, query, depth, able)


@pytest.mark.parametrize("kind", ["gauss", "sparse"])
def test_few_products_are_looked_at_exactly(kind, monkeypatch):
    monkeypatch.setattr(screens, "FEW", 0)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(3000, 384)) if kind == "gauss" else np.maximum(rng.normal(size=(3000, 384)) - 0.5, 0)
    catalogue = Catalogue([""] * 3000, ("text",), {"text": vectors.astype(np.float16)}, np.ones((3000, 1), bool))
    looked = []

    class Counting(Words):
        def pair(self, query, products):
            looked.append(len(products))
            return cosines(query, products)[:, None]

    nearest(Counting(), catalogue, vectors[7].astype(np.float32), 20)
    assert 20 <= sum(looked) < 200


def test_a_score_that_is_no_cosine_is_computed_for_all():
    catalogue = Catalogue(list("abc"), ("image",), {"image": np.array([[1], [5], [2]], np.float16)}, np.ones((3, 1), bool))
    assert nearest(Picture("image"), catalogue, np.array([2.4], np.float32), 2).tolist() == [2, 0]


def test_a_query_without_direction_gives_the_first_rows(monkeypatch):
    monkeypatch.setattr(screens, "FEW", 0)
    catalogue = Catalogue(list("abc"), ("text",), {"text": np.eye(3, dtype=np.float16)}, np.ones((3, 1), bool))
    assert nearest(Words(), catalogue, np.zeros(3, np.float32), 2).tolist() == [0, 1]


PRODUCTS = [Product(f"r{n}", f"red shirt {n}") for n in range(6)] + [Product(f"b{n}", f"blue shirt {n}") for n in range(6)]


@pytest.fixture
def catalogue():
    return build_catalogue(PRODUCTS, MODALITIES, None, read)[0]


def found(catalogue, query, depth, allowed=None):
    features, _ = build_query_features([query], MODALITIES, catalogue, None, read, {"u": [(1, "b0")]})
    return [catalogue.product_ids[row] for row in retrieve(MODALITIES, catalogue, features, depth, allowed)]


@pytest.mark.parametrize("query", [Query("q", "red"), Query("q", user_id="u"), Query("q", "red", user_id="u")], ids=str)
def test_filters_are_asked_before_the_depth(catalogue, query):
    allowed = np.array([product.title.endswith(("4", "5")) for product in PRODUCTS])
    some = found(catalogue, query, 2, allowed)
    assert len(some) >= 2 and all(name[1] in "45" for name in some)
    assert found(catalogue, query, 2, np.zeros(12, bool)) == []
    assert found(catalogue, query, 3, np.ones(12, bool)) == found(catalogue, query, 3)


def test_dead_rows_never_come_and_new_ones_do(catalogue):
    live = without(catalogue, ["r0", "r1"])
    live, _ = extended(live, [Product("r2", "red hat"), Product("r9", "red shirt 9")], MODALITIES, read)
    assert found(live, Query("q", "red"), 12)[-2:] == ["r2", "r9"]
    assert found(live, Query("q", "red"), 12).count("r2") == 1
    assert {"r0", "r1"}.isdisjoint(found(live, Query("q", "red shirt 0", user_id="u"), 12))
    assert found(live, Query("q", "red"), 12, live.alive) == found(live, Query("q", "red"), 12)
    only = np.zeros(len(live), bool)
    only[[0, 2, 13]] = True
    assert found(live, Query("q", "red"), 12, only) == ["r9"], "a filter does not wake the dead"


def test_a_grown_catalogue_shares_the_screens_of_its_base(catalogue):
    live, _ = extended(catalogue, PRODUCTS[:2], MODALITIES, read)
    text = catalogue.vectors["text"]
    assert live.screens.of(text, slice(None)) is catalogue.screens.of(text, slice(None))
    assert replace(catalogue, words=()).screens is catalogue.screens


class OffAsFarAsAllowed:
    """Screens whose every cosine is wrong by almost all that a screen may be wrong by, up or down."""

    def __init__(self, rng):
        self.rng = rng

    def of(self, array, part):
        self.array = array
        return self

    def cosines(self, query):
        errors = self.rng.random(len(self.array)).astype(np.float32) / 5
        return cosines(query, self.array) + 0.99 * errors * self.rng.choice([-1, 1], len(errors)), errors


@pytest.mark.parametrize("seed", range(20))
def test_the_worst_screen_hides_no_product(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(60, 12)).astype(np.float16)
    catalogue = Catalogue([""] * 60, ("text",), {"text": vectors}, np.ones((60, 1), bool), screens=OffAsFarAsAllowed(rng))
    query = rng.normal(size=12).astype(np.float32)
    exact = cosines(query, vectors)
    assert nearest(Words(), catalogue, query, 5).tolist() == np.argsort(-exact, kind="stable")[:5].tolist()
