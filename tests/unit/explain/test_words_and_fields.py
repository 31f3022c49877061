"""Words and fields: features are built anew as the catalogue's were, and shares sum to the difference they explain."""

from dataclasses import replace

import numpy as np
import pytest

from fuserank.explain.changed_lexical import ChangedLexical
from fuserank.explain.fields import field_shares
from fuserank.explain.query_words import query_word_shares, scores_with_texts
from fuserank.explain.title_words import title_word_shares
from fuserank.explain.words import CHARACTERS, FEWEST_ORDERS, MOST_WORDS, ORDERS, orders_for, texts_of, words_of
from fuserank.modalities.lexical import LexicalIndex
from fuserank.types import Product


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("red mug, for two", ["red ", "mug, ", "for ", "two"]),
        ("mug - red", ["mug - ", "red"]),
        ("红色马克杯 mug", ["红色", "马克杯 ", "mug"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize("count", [MOST_WORDS, MOST_WORDS + 1, 2 * MOST_WORDS, 256])
def test_of_too_many_words_neighbours_go_together(count):
    """Each player costs texts to encode, so the longest query that a service takes must not have many."""
    text = " ".join(f"w{n}" for n in range(count))
    words = words_of(text)
    sizes = [len(run.split()) for run in words]
    assert len(words) == MOST_WORDS and "".join(words) == text
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(("text", "orders"), [("red mug for two", ORDERS), ("", ORDERS), ("soft " * 100, FEWEST_ORDERS)])
def test_fewer_orders_of_long_texts(text, orders):
    words = words_of(text)
    assert orders_for(words) == orders
    assert orders * len(words) * len(text) / 2 <= CHARACTERS


def test_texts_keep_the_order():
    assert texts_of(["red ", "blue ", "mug"], np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]], bool)) == ["red mug", "", "red blue mug"]


@pytest.mark.parametrize("scorer", ["sequence", "attention_sequence"])
def test_query_words(shaken, probe_of, worded, scorer):
    probe = probe_of(shaken("concat", scorer), worded)
    words, shares = query_word_shares(probe, [4, 1])
    assert shares.full == pytest.approx(probe.scores[[4, 1]], abs=1e-3)
    assert shares.values.sum(1) == pytest.approx(shares.full - shares.base, abs=1e-6)
    assert shares.exact and np.abs(shares.values).max() > 1e-3
    without = scores_with_texts(probe, [4, 1], [" ".join(words[1:]), ""])
    assert without[1] == pytest.approx(shares.base, abs=1e-6)
    assert not np.allclose(without[0], shares.full, atol=1e-3)


def test_a_query_without_words_has_no_shares_of_them(trained, probe_of, tiny):
    texts = tiny.features.queries.texts
    slate = next((s for slates in tiny.slates for s in slates if not texts[s.query]), None)
    if slate is None:
        pytest.skip("every query of the tiny store has words")
    assert query_word_shares(probe_of(trained, slate), [0])[0] == []


@pytest.mark.parametrize("scorer", ["sequence", "attention_sequence"])
def test_fields_and_title(tiny, shaken, probe_of, worded, scorer, with_picture):
    probe, products = probe_of(shaken("concat", scorer), worded), {p.product_id: p for p in tiny.job.dataset.products}
    position = with_picture(probe)
    product = products[tiny.features.catalogue.product_ids[worded.rows[position]]]
    names, shares = field_shares(probe, position, product, tiny.job.dataset.media.get)
    assert {"title", "picture", "price"} <= set(names) and shares.exact
    assert shares.full[0] == pytest.approx(probe.scores[position], abs=2e-3)
    assert shares.values.sum() == pytest.approx(shares.full[0] - shares.base[0], abs=1e-6)
    # Category and brand are read by words alone: without a match they give exactly nothing.
    assert shares.values[0, names.index("picture")] != 0
    words, shares = title_word_shares(probe, position, product, tiny.job.dataset.media.get)
    assert " ".join(words) == product.title or "".join(words) == product.title.replace(" ", "")
    assert shares.full[0] == pytest.approx(probe.scores[position], abs=2e-3)


SHELF = [
    *(Product(f"p{i}", f"thing number {i} plain", "an ordinary thing that nobody asked for", "things", "Acme") for i in range(400)),
    *(Product(f"m{i}", f"red striped mug {i} mug", "a red mug of clay with stripes", "mugs", "Halden") for i in range(80)),
    Product("mug", "red striped mug mug", "a red mug of clay with stripes", "mugs", "Halden"),
]


@pytest.mark.parametrize(
    "change", [{}, {"title": "mug mug"}, {"title": ""}, {"description": "a mug"}, {"category": "", "brand": ""}]
)
def test_changed_products_score_as_an_index_over_them_would(change):
    """One product of many hardly changes idf and mean length: an index built anew is the reference."""
    product, changed = SHELF[-1], replace(SHELF[-1], **change)
    index = LexicalIndex.build(SHELF)
    real = LexicalIndex.build([*SHELF[:-1], changed])
    found = ChangedLexical(1, index.fields, index.counts, index, len(SHELF) - 1, product, [changed])
    for text in ("red mug", "striped clay mugs by Halden", "nothing of it"):
        assert found.scores(text)[0] == pytest.approx(real.scores(text)[-1], rel=0.02, abs=1e-6)
    assert (index.scores("red mug")[-1] > 0).sum() == 4


def test_an_unchanged_product_has_exactly_its_scores(tiny):
    index, products = tiny.features.catalogue.lexical, tiny.job.dataset.products
    for row in (0, 7, 30):
        text = products[row].title
        found = ChangedLexical(1, index.fields, index.counts, index, row, products[row], [products[row]])
        assert found.scores(text)[0] == pytest.approx(index.scores(text)[row], rel=1e-4)
