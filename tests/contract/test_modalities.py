"""What every entry of MODALITIES must do; a new modality is tested by its line in the table alone."""

import numpy as np
import pytest

from fuserank.data.media import media_hash
from fuserank.encoders.minilm_tokens import SENTENCE, WIDTH
from fuserank.encoders.table import ENCODERS, encoder_table
from fuserank.errors import UnknownNameError
from fuserank.features import FeatureStore, PairScores, build_catalogue, build_query_features, encode
from fuserank.modalities import MODALITIES, make_modalities
from fuserank.modalities.base import Modality, cosines
from fuserank.modalities.own import OWN
from fuserank.modalities.text_tokens import MAXSIM
from fuserank.slates import Features
from fuserank.types import Product, Query


@pytest.fixture(scope="module")
def media(picture, tone):
    items = [picture(colour=c, kind=k) for c, k in (("red", "PNG"), ("navy", "JPEG"), ("olive", "WEBP"))]
    items += [tone(hertz=h, seconds=s) for h, s in ((150, 0.3), (1500, 0.5), (600, 0.8))]
    return {media_hash(data): data for data in items}


@pytest.fixture(scope="module")
def products(media):
    hashes = list(media)
    full = [
        Product("p0", "Red cotton shirt", "soft", "shirts", "Acme", 10.0, 4.5, 100.0, image=hashes[0], audio=hashes[3]),
        Product("p1", "蓝色 连衣裙", "", "", "", 0.0, None, None, image=hashes[1], audio=hashes[4]),
        Product("p2", "A doorbell with a much longer title than all the others have, to be padded", price=1e7, image=hashes[2]),
    ]
    return [*full, Product("p3", "")]


@pytest.fixture(scope="module")
def queries(media):
    hashes = list(media)
    return [Query("q0", "red shirt", user_id="u"), Query("q1", image=hashes[0]), Query("q2", audio=hashes[5]), Query("q3")]


@pytest.fixture(params=list(MODALITIES), scope="module")
def modality(request, onnx_cache, own):
    return make_modalities([request.param], cache=onnx_cache, own=own)[0]


@pytest.fixture(params=[n for n in MODALITIES if n in OWN or make_modalities([n])[0].encoder is not None], scope="module")
def encoding(request, onnx_cache, own):
    """A modality that has vectors."""
    return make_modalities([request.param], cache=onnx_cache, own=own)[0]


def _contents(modality, products, queries):
    found = [modality.product_content(p) for p in products] + [modality.query_content(q) for q in queries]
    return [content for content in found if content is not None]


def test_follows_the_protocol(modality):
    assert isinstance(modality, Modality)
    assert modality.name in MODALITIES
    assert modality.scaling in {"unit", "standard", "robust"}
    assert isinstance(modality.query_from_history, bool)
    assert isinstance(modality.query_is_term, bool)
    assert isinstance(modality.pair_only, bool)
    assert modality.compared is None or (modality.pair_names and modality.compared.start is None and modality.compared.step is None)
    assert len(set(modality.pair_names)) == len(modality.pair_names)


def test_content_is_named_by_a_hash_and_absent_when_there_is_none(modality, products, queries):
    contents = _contents(modality, products, queries)
    assert contents
    assert all(len(bytes.fromhex(content.key)) == 32 for content in contents)
    assert modality.product_content(products[3]) is None
    assert modality.query_content(queries[3]) is None
    assert modality.product_content(products[0]) == modality.product_content(products[0])


def test_vectors_have_the_dimension_stated_are_finite_and_survive_float16(encoding, products, queries, media):
    for batch in encode(_contents(encoding, products, queries), encoding.encoder, media.__getitem__):
        assert batch.vectors.shape == (len(batch.keys), encoding.encoder.info.dim)
        assert batch.vectors.dtype == np.float32
        assert np.isfinite(batch.vectors.astype(np.float16)).all()
        assert not batch.quarantined


def test_a_vector_does_not_depend_on_its_batch_nor_on_the_day(encoding, products, queries, media):
    contents = _contents(encoding, products, queries)
    (together,) = encode(contents, encoding.encoder, media.__getitem__)
    alone = np.concatenate([batch.vectors for batch in encode(contents, encoding.encoder, media.__getitem__, batch_size=1)])
    assert np.abs(together.vectors - alone).max() < 1e-4
    (again,) = encode(contents, encoding.encoder, media.__getitem__)
    assert np.array_equal(together.vectors, again.vectors)


def test_an_empty_batch_gives_no_rows(encoding):
    assert encoding.encoder.encode([]).shape == (0, encoding.encoder.info.dim)


def test_pair_scores_are_bounded_and_0_for_a_zero_vector(encoding):
    dim = encoding.encoder.info.dim
    products = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float16)
    products[4] = 0
    scores = encoding.pair(products[0].astype(np.float32), products)
    assert scores.shape == (5, len(encoding.pair_names))
    assert scores.dtype == np.float32
    assert (np.abs(scores) <= 1).all()
    assert scores[0] == pytest.approx(np.ones(len(encoding.pair_names)), abs=1e-3)
    assert not scores[4].any()
    assert encoding.pair(products[0], products[:0]).shape == (0, len(encoding.pair_names))


def test_the_first_score_is_the_cosine_of_the_part_that_is_compared(encoding):
    if encoding.compared is None:
        return
    products = np.random.default_rng(0).normal(size=(5, encoding.encoder.info.dim)).astype(np.float16)
    first = encoding.pair(products[0], products)[:, 0]
    assert np.array_equal(first, cosines(products[0][encoding.compared], products[:, encoding.compared]))


def test_identity_names_version_licence_and_weights(encoding):
    info = encoding.encoder.info
    assert info.key == f"{info.name}@{info.version}"
    assert info.licence in {"Apache-2.0", "MIT", "none"}
    assert (len(info.sha256) == 64) == (info.licence != "none")


def test_the_documented_table_names_the_encoder(encoding, own):
    if encoding.encoder.info.name in {folder.name for folder in own.values()}:
        return  # it does not ship
    assert encoding.encoder.info in ENCODERS
    assert f"| {encoding.encoder.info.name} | {encoding.encoder.info.version} |" in encoder_table()


def test_all_modalities_go_from_products_to_pair_scores(products, queries, media, onnx_cache, own, tmp_path):
    modalities = make_modalities(MODALITIES, cache=onnx_cache, own=own)
    store = FeatureStore(tmp_path)
    catalogue, reports = build_catalogue(products, modalities, store, media.__getitem__)
    assert not any(report.quarantined for report in reports)
    features, _ = build_query_features(queries, modalities, catalogue, store, media.__getitem__, {"u": [(1, "p0"), (2, "p1")]})
    pairs = PairScores(modalities, catalogue, features)
    assert set(pairs.owners) == set(MODALITIES) - {"numeric", "words"}
    for q in range(len(queries)):
        scores = pairs.scores(q)
        assert scores.shape == (len(products), len(pairs.names)) and np.isfinite(scores).all()
        assert not scores[3].any(), "a product without content has no scores"
    for name in ("image.cosine", "joint_image.cosine"):
        assert pairs.scores(1)[:, pairs.names.index(name)].argmax() == 0
    assert not pairs.scores(3).any()


def test_vectors_for_pairs_alone_are_no_input_of_a_network(products, queries, media, onnx_cache):
    modalities = make_modalities(("text", "text_tokens"), cache=onnx_cache)
    catalogue, _ = build_catalogue(products, modalities, None, media.__getitem__)
    asked, _ = build_query_features(queries, modalities, catalogue, None, media.__getitem__, {})
    features = Features(modalities, catalogue, asked)
    text, tokens = features.specs()
    assert (tokens.product_dim, tokens.query_dim, tokens.pair_names) == (0, 0, ("likeness",)) and text.product_dim
    assert features.product_vectors(np.arange(2)).keys() == {"text"}


def test_tokens_find_their_likest(onnx_cache):
    (modality,) = make_modalities(("text_tokens",), cache=onnx_cache)
    encode = modality.encoder.encode
    titles = ["red mug of clay", "a lamp with a red shade and a mug", "garden hose", "mug", "mug " * 100]
    (query,) = encode(["mug"])
    vectors = encode(titles)
    scores = modality.pair(query, vectors.astype(np.float16))[:, 0]
    highest = (vectors[:, SENTENCE:].reshape(len(titles), -1, WIDTH) @ query[SENTENCE:][:WIDTH]).max(axis=1)
    assert scores == pytest.approx((vectors[:, :SENTENCE] @ query[:SENTENCE] + MAXSIM * highest) / (1 + MAXSIM), abs=2e-3)
    assert scores[3] == pytest.approx(1, abs=1e-3) and scores.argmin() == 2
    (sentence,) = make_modalities(("text",), cache=onnx_cache)
    assert np.array_equal(vectors[:, :SENTENCE], sentence.encoder.encode(titles))


def test_an_unknown_name_gets_help():
    with pytest.raises(UnknownNameError, match="did you mean 'image'"):
        make_modalities(["imge"])
