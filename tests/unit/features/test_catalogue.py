import hashlib
from dataclasses import dataclass

import numpy as np
import pytest

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import MediaError, ModelFolderError, RequestError
from fuserank.features import Catalogue, FeatureStore, PairScores, build_catalogue, build_query_features, histories
from fuserank.features.vocabulary import spoken_words
from fuserank.modalities.base import Content, cosines
from fuserank.modalities.lexical import Lexical
from fuserank.types import Interaction, Product, Query

WORDS = ("red", "blue", "shirt", "shoe")
MEDIA = {"a" * 64: b"1.0", "b" * 64: b"2.0"}


def read(digest):
    if digest not in MEDIA:
        raise MediaError("missing", digest)
    return MEDIA[digest]


class Bag:
    """Counts WORDS; a whole modality in few lines."""

    info = EncoderInfo("bag", "1", len(WORDS), "none")

    def prepare(self, value):
        return value

    def encode(self, prepared):
        return np.array([[text.split().count(word) for word in WORDS] for text in prepared], np.float32).reshape(-1, len(WORDS))


class Level(Bag):
    """One number out of media bytes."""

    info = EncoderInfo("level", "1", 1, "none")

    def prepare(self, value):
        return float(value)

    def encode(self, prepared):
        return np.array(prepared, np.float32)[:, None]


@dataclass
class Words:
    name: str = "text"
    query_from_history: bool = False
    scaling = "unit"
    pair_names = ("cosine",)
    pair_only = False
    compared = slice(None)

    def __post_init__(self):
        self.encoder = Bag()
        self.query_is_term = self.query_from_history

    def product_content(self, product):
        return Content(hashlib.sha256(product.title.encode()).hexdigest(), product.title) if product.title else None

    def query_content(self, query):
        return Content(hashlib.sha256(query.text.encode()).hexdigest(), query.text) if query.text else None

    def pair(self, query, products):
        return cosines(query, products)[:, None]


class Picture(Words):
    """Its score is not 0 for a zero vector, so only the present mask can make it so."""

    pair_names = ("nearness",)
    compared = None

    def __post_init__(self):
        self.encoder = Level()
        self.query_is_term = True

    def product_content(self, product):
        return Content(product.image, product.image, is_media=True) if product.image else None

    def query_content(self, query):
        return Content(query.image, query.image, is_media=True) if query.image else None

    def pair(self, query, products):
        return (1 / (1 + np.abs(products - query))).astype(np.float32)


MODALITIES = [Words(), Lexical(None), Picture("image"), Words("history", True)]
PRODUCTS = [
    Product("p0", "red shirt", image="a" * 64),
    Product("p1", "blue shirt", image="b" * 64),
    Product("p2", "red shoe", image="c" * 64),
    Product("p3", "", category="things"),
]
QUERIES = [Query("q0", "red shirt"), Query("q1", "", user_id="u", image="b" * 64), Query("q2", "", user_id="nobody")]


@pytest.fixture
def catalogue(tmp_path):
    return build_catalogue(PRODUCTS, MODALITIES, FeatureStore(tmp_path / "store"), read)


@pytest.fixture
def features(catalogue):
    return build_query_features(QUERIES, MODALITIES, catalogue[0], None, read, {"u": [(1, "p2"), (2, "gone"), (3, "p3")]})[0]


def test_vectors_present_and_reports(catalogue):
    built, reports = catalogue
    assert built.modalities == ("text", "lexical", "image", "history")
    assert built.present.tolist() == [
        [True, True, True, True],
        [True, True, True, True],
        [True, True, False, True],
        [False, False, False, False],
    ]
    assert set(built.vectors) == {"text", "image", "history"}
    assert built.vectors["text"].dtype == np.float16
    assert built.vectors["text"].tolist()[0] == [1, 0, 1, 0] and not built.vectors["text"][3].any()
    assert [(r.encoder.name, r.encoded, r.quarantined) for r in reports] == [("bag", 3, {}), ("level", 2, {"c" * 64: "missing"})]


def test_without_a_store_the_numbers_are_the_same(catalogue):
    built, _ = build_catalogue(PRODUCTS, MODALITIES, None, read)
    for modality in built.vectors:
        assert np.array_equal(built.vectors[modality], catalogue[0].vectors[modality])
    assert np.array_equal(built.present, catalogue[0].present)


def test_masked_media_are_absent_and_not_read():
    built, reports = build_catalogue(PRODUCTS, MODALITIES, None, read, masked={"a" * 64, "c" * 64})
    assert built.has("image").tolist() == [False, True, False, False]
    assert reports[1].quarantined == {}


def test_rows_of_products(catalogue):
    assert catalogue[0].rows(["p2", "p0"]).tolist() == [2, 0]
    assert catalogue[0].rows([]).tolist() == []
    with pytest.raises(RequestError, match="'p9'"):
        catalogue[0].rows(["p0", "p9"])


def test_a_saved_catalogue_is_the_same_and_shares_arrays(catalogue, tmp_path):
    built = catalogue[0]
    built.save(tmp_path / "catalogue")
    loaded = Catalogue.load(tmp_path / "catalogue")
    assert (loaded.product_ids, loaded.modalities, loaded.words) == (built.product_ids, built.modalities, built.words)
    for modality in built.vectors:
        assert np.array_equal(loaded.vectors[modality], built.vectors[modality])
    assert np.array_equal(loaded.present, built.present)
    assert loaded.vectors["history"] is loaded.vectors["text"]
    assert not (tmp_path / "catalogue" / "history.npy").exists()
    assert np.array_equal(loaded.lexical.scores("red"), built.lexical.scores("red"))


@pytest.mark.parametrize("damage", ["present.npy", "text.npy", "catalogue.json", "lexical/lexical.json", "short"])
def test_an_incomplete_catalogue_is_refused(catalogue, tmp_path, damage):
    catalogue[0].save(tmp_path / "c")
    if damage == "short":
        np.save(tmp_path / "c" / "present.npy", np.zeros((1, 4), bool))
    else:
        (tmp_path / "c" / damage).unlink()
    with pytest.raises(ModelFolderError, match="build the catalogue again"):
        Catalogue.load(tmp_path / "c")


def test_an_empty_catalogue_holds_together(tmp_path):
    built, _ = build_catalogue([], MODALITIES, None, read)
    built.save(tmp_path / "c")
    loaded = Catalogue.load(tmp_path / "c")
    queries, _ = build_query_features(QUERIES, MODALITIES, loaded, None, read)
    assert PairScores(MODALITIES, loaded, queries).scores(0).shape == (0, 3 + len(Lexical.pair_names))


def test_query_vectors_and_present(features):
    assert features.modalities == ("text", "image", "history")
    assert features.present.tolist() == [[True, False, False], [False, True, True], [False, False, False]]
    assert features.texts == ["red shirt", "", ""]
    assert features.vectors["text"].dtype == np.float32


def test_a_history_is_the_unit_mean_of_known_products(features):
    expected = np.array([1, 0, 0, 1]) / np.sqrt(2)  # p2 alone: "gone" is unknown and p3 has no text
    assert features.vectors["history"][1] == pytest.approx(expected, abs=1e-3)


def test_serving_and_training_see_the_same_query_vectors(catalogue, tmp_path):
    awkward = [Query("q", "red red red", image="a" * 64)]
    stored, _ = build_query_features(awkward, MODALITIES, catalogue[0], FeatureStore(tmp_path / "s"), read)
    served, _ = build_query_features(awkward, MODALITIES, catalogue[0], None, read)
    for modality in stored.vectors:
        assert np.array_equal(stored.vectors[modality], served.vectors[modality])


def test_pair_scores(catalogue, features):
    pairs = PairScores(MODALITIES, catalogue[0], features)
    assert pairs.names == ("text.cosine", *(f"lexical.{n}" for n in Lexical.pair_names), "image.nearness", "history.cosine")
    assert pairs.owners == ("text", *["lexical"] * len(Lexical.pair_names), "image", "history")
    scores = pairs.scores(0)
    assert scores.shape == (4, len(pairs.names)) and scores.dtype == np.float32
    assert scores[:3, 0] == pytest.approx([1, 0.5, 0.5], abs=1e-3)
    assert not scores[3].any() and not scores[:, -1].any()
    assert scores[0, 1] > scores[1, 1] > 0
    assert np.array_equal(pairs.scores(0, np.array([2, 0])), scores[[2, 0]])
    assert pairs.scores(0, np.array([], int)).shape == (0, len(pairs.names))
    assert not pairs.scores(2).any()
    by_history = pairs.scores(1)[:, -1]
    assert by_history.argmax() == 2 and not pairs.scores(1)[:, :-2].any()
    assert pairs.scores(1)[:, -2].tolist() == [0.5, 1, 0, 0]


def event(timestamp, product, query=None, action="click", user="u"):
    return Interaction(timestamp, user, "s", query, product, action, None)


def test_histories_leave_judged_queries_and_mere_impressions_out():
    events = [event(3, "c"), event(1, "a"), event(2, "b", query="q1"), event(2, "x", action="impression"), event(1, "z", user="v")]
    assert histories(events) == {"u": [(1, "a"), (3, "c")], "v": [(1, "z")]}
    assert histories([]) == {}


def test_histories_keep_the_newest():
    events = [event(n, str(n)) for n in range(5)]
    assert histories(events, limit=2)["u"] == [(3, "3"), (4, "4")]
    assert len(histories(events)["u"]) == 5


def test_spoken_words_are_the_most_common_ones():
    assert spoken_words(PRODUCTS)[:2] == ("red", "shirt")
    assert spoken_words(PRODUCTS, limit=1) == ("red",)
    assert spoken_words([Product("p", "the 红色 a1 it")]) == ()


def test_modalities_that_share_an_encoder_share_vectors_only_of_the_same_content():
    class Brands(Words):
        def product_content(self, product):
            return Content(hashlib.sha256(product.brand.encode()).hexdigest(), product.brand) if product.brand else None

    products = [Product("a", "red shirt", brand="shoe"), Product("b", "blue")]
    catalogue, reports = build_catalogue(products, [Words(), Words("twin"), Brands("brands")], None, read)
    assert catalogue.vectors["twin"] is catalogue.vectors["text"]
    assert catalogue.vectors["brands"].tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]
    assert catalogue.has("brands").tolist() == [True, False]
    assert len(reports) == 2
