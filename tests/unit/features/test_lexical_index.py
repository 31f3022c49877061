import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import ModelFolderError
from fuserank.modalities import bm25
from fuserank.modalities.lexical import FIELDS, K1, B, Lexical, LexicalIndex
from fuserank.modalities.tokens import tokenize
from fuserank.types import Product

WORDS = ["red", "blue", "shirt", "shoe", "cotton", "lamp", "红色", "连衣裙"]
PRODUCTS = [
    Product("p0", "red cotton shirt", "a shirt of soft cotton", "clothing shirt", "Acme"),
    Product("p1", "blue shirt", "", "clothing shirt", "Acme"),
    Product("p2", "red shoe shoe", "leather", "shoe", ""),
    Product("p3", "红色连衣裙", "", "连衣裙", ""),
    Product("p4", "", "", "", ""),
]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6), texts)
def test_every_score_lies_in_0_1_and_full_cover_is_1(rows, query):
    index = LexicalIndex.build([Product(str(i), title, description) for i, (title, description) in enumerate(rows)])
    scores = index.scores(query)
    assert scores.shape == (len(rows), len(Lexical.pair_names))
    assert np.isfinite(scores).all() and (scores >= 0).all() and (scores <= 1).all()
    wanted = set(tokenize(query)) & {t for title, description in rows for t in tokenize(f"{title} {description}")}
    for row, (title, description) in enumerate(rows):
        found = wanted & set(tokenize(f"{title} {description}"))
        assert (scores[row, -1] > 1 - 1e-6) == (bool(wanted) and found == wanted)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6), texts, st.data())
def test_scores_of_rows_are_those_of_all_however_they_are_found(rows, query, data):
    """Reference for all: bm25s itself, which adds the postings of a term one by one."""
    index = LexicalIndex.build([Product(str(i), title, description) for i, (title, description) in enumerate(rows)])
    chosen = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)), np.int64)
    for field in index.fields.values():
        known = [] if field is None else [t for t in dict.fromkeys(tokenize(query)) if t in field.vocab_dict]
        if known:
            assert np.array_equal(bm25.term_sums(field, known, len(rows)), field.get_scores(known))
    for looked_up in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bm25, "LOOKED_UP", looked_up)
            assert np.array_equal(index.scores(query, chosen), index.scores(query)[chosen])


def test_title_scores_equal_the_formula_of_lucene():
    """Reference: Lucene's BM25 written out in plain Python, divided by the sum of the query's idf."""
    titles = [tokenize(product.title) for product in PRODUCTS]
    mean = sum(map(len, titles)) / len(titles)

    def idf(term):
        df = sum(term in title for title in titles)
        return math.log(1 + (len(titles) - df + 0.5) / (df + 0.5))

    query = ["red", "shoe"]
    expected = [
        sum(idf(t) * title.count(t) / (title.count(t) + K1 * (1 - B + B * len(title) / mean)) for t in query if t in title)
        / sum(map(idf, query))
        for title in titles
    ]
    assert LexicalIndex.build(PRODUCTS).scores("red shoes")[:, 0] == pytest.approx(expected, abs=1e-6)


def test_a_term_known_only_elsewhere_lowers_a_field_but_an_unknown_one_does_not():
    index = LexicalIndex.build(PRODUCTS)
    title = Lexical.pair_names.index("bm25_title")
    assert index.scores("red leather")[0, title] < index.scores("red")[0, title]
    assert index.scores("red xylophone")[0, title] == index.scores("red")[0, title]


@pytest.mark.parametrize("query", ["", "the of", "xylophone"])
def test_a_query_without_known_terms_scores_zero(query):
    assert not LexicalIndex.build(PRODUCTS).scores(query).any()
    assert len(LexicalIndex.build(PRODUCTS).top(query, 3)) == 0


def test_top_gives_matching_products_best_first():
    assert LexicalIndex.build(PRODUCTS).top("red cotton shirt", 10).tolist() == [0, 1, 2]
    assert LexicalIndex.build(PRODUCTS).top("连衣裙", 1).tolist() == [3]


def test_no_product_has_text():
    index = LexicalIndex.build([Product("p", "")])
    assert index.scores("red").tolist() == [[0] * (len(FIELDS) + 1)]


def test_a_saved_index_gives_the_same_scores_and_holds_no_pickle(tmp_path):
    index = LexicalIndex.build(PRODUCTS)
    index.save(tmp_path / "index")
    loaded = LexicalIndex.load(tmp_path / "index")
    for query in ("red shirt", "连衣裙", "nothing"):
        assert np.array_equal(loaded.scores(query), index.scores(query))
    assert {path.suffix for path in (tmp_path / "index").rglob("*") if path.is_file()} == {".json", ".npy"}
    for path in (tmp_path / "index").rglob("*.npy"):
        np.load(path, allow_pickle=False)


def test_an_incomplete_folder_is_refused(tmp_path):
    LexicalIndex.build(PRODUCTS).save(tmp_path / "index")
    (tmp_path / "index" / "title" / "data.csc.index.npy").unlink()
    with pytest.raises(ModelFolderError, match="build the catalogue again"):
        LexicalIndex.load(tmp_path / "index")
