"""Word sketches: golden values, geometry, and a stay in the feature store."""

import numpy as np
import pytest

from fuserank.encoders.word_sketch import DIM, REPEATS, WordSketch
from fuserank.features import FeatureStore, encode
from fuserank.modalities import make_modalities
from fuserank.modalities.tokens import tokenize
from fuserank.modalities.words import Words
from fuserank.types import Product, Query

SKETCH = WordSketch(str.split)


def sketch(*texts, encoder=SKETCH):
    return encoder.encode([encoder.prepare(text) for text in texts])


def test_a_golden_sketch():
    """By hand from `printf red | b2sum -l 64`, 0de9 17af 2f0a 48a3: of 0xe90d the lowest bit is the sign +, (0xe90d >> 1) modulo
    1024 the place 134; and so on."""
    (found,) = sketch("red")
    assert {int(place): float(found[place]) for place in np.flatnonzero(found)} == {134: 0.5, 907: 0.5, 279: 0.5, 420: -0.5}


def test_rows_have_length_1_or_0_without_words():
    found = sketch("red shirt", "", "a b c d e f g h")
    assert found.shape == (3, DIM) and found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0, 1])
    assert SKETCH.encode([]).shape == (0, DIM)


def test_a_word_counts_once_and_order_does_not_matter():
    one, again, other = sketch("red shirt", "shirt red red", "red shoe")
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_different_words_are_nearly_orthogonal():
    """Of REPEATS places among DIM, with signs, a cosine has mean 0 and a deviation of about 1/√DIM."""
    found = sketch(*(f"word{n}" for n in range(1000, 2500)))
    cosines = (found @ found.T)[np.triu_indices(len(found), k=1)]
    assert abs(cosines.mean()) < 0.002
    assert cosines.std() == pytest.approx(DIM**-0.5, rel=0.1)
    assert np.abs(cosines).max() < 0.8, "words of one length, of which a linear hash would make thousands the same"
    assert np.mean(np.abs(cosines) < 1 / REPEATS - 1e-6) > 0.95, "most pairs share no place at all"


def test_a_text_is_as_near_to_each_of_its_words_as_it_is_short():
    title, *words = sketch("red cotton shirt summer", "red", "cotton", "shirt", "summer", "shoe")
    near = [float(title @ word) for word in words]
    assert near[:4] == pytest.approx([0.5] * 4, abs=0.15)
    assert abs(near[4]) < 0.2


def test_words_are_recovered_by_a_linear_layer():
    """What the sketch is for: each of 300 words of 1,000 titles is read off by its own sketch."""
    rng = np.random.default_rng(0)
    titles = [rng.choice(300, size=6, replace=False) for _ in range(1000)]
    found = sketch(*(" ".join(f"w{n}" for n in title) for title in titles)) @ sketch(*(f"w{n}" for n in range(300))).T
    has = np.zeros_like(found, bool)
    for row, title in zip(has, titles, strict=True):
        row[title] = True
    assert found[has].mean() > 0.35
    assert np.mean(found[has] > 0.2) > 0.95 and np.mean(found[~has] > 0.2) < 0.05


def test_the_store_gives_back_what_was_encoded_and_encodes_it_once(tmp_path):
    contents = [Words(None).product_content(Product("p", title, category="Shirts")) for title in ("Red shirt", "红色 连衣裙")]
    modality, store = Words(None), FeatureStore(tmp_path)
    (batch,) = encode(contents, modality.encoder, {}.__getitem__)
    info, keys = modality.encoder.info, [content.key for content in contents]
    assert store.append(info, batch.keys, batch.vectors) == 2
    found, there = store.get(info, keys)
    assert there.all() and found == pytest.approx(batch.vectors, abs=1e-3)
    assert store.missing(info, keys) == []


def test_words_reads_what_a_product_is_called_and_nothing_else():
    (words,) = make_modalities(["words"])
    full = Product("p", "Red  Shirt", "described", "Shirts", "Acme", attributes='{"colour": "green"}')
    assert words.product_content(full).value == "Red Shirt Shirts Acme"
    assert words.product_content(full) == words.product_content(Product("q", "Red Shirt", "", "Shirts", "Acme"))
    assert words.product_content(Product("p", "", "described")) is None
    assert words.query_content(Query("q", "red shirt")) is None
    assert words.pair(np.zeros(DIM), np.zeros((3, DIM))).shape == (3, 0)
    assert (words.pair_names, words.query_is_term, words.encoder._tokenize) == ((), False, tokenize)
