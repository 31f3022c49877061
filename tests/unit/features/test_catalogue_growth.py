"""A catalogue that grows is, to all who read it, the catalogue that would have been built with the products that live."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import InputError, MediaError, RequestError
from fuserank.features import Catalogue, PairScores, build_catalogue, build_query_features, extended, without
from fuserank.features.stacked_rows import parts_of
from fuserank.modalities.behaviour import Behaviour, Past
from fuserank.types import Interaction, Product, Query
from tests.unit.features.test_catalogue import MODALITIES, PRODUCTS, QUERIES, WORDS, Words, read

NEW = [Product("n0", "red red shoe", image="b" * 64), Product("n1", "blue kimono"), Product("n2", "")]
PASTS = {"u": [(1, "p2"), (2, "gone"), (3, "p3")]}


@pytest.fixture
def base():
    return build_catalogue(PRODUCTS, MODALITIES, None, read)[0]


def grow(catalogue, products, **options):
    return extended(catalogue, products, MODALITIES, read, **options)[0]


def pair_scores(catalogue, query):
    features, _ = build_query_features([query], MODALITIES, catalogue, None, read, PASTS)
    return PairScores(MODALITIES, catalogue, features).scores(0)


def same_features(grown, rows, catalogue):
    """Whether rows of a grown catalogue hold what a catalogue holds."""
    assert [grown.product_ids[row] for row in rows] == list(catalogue.product_ids)
    assert np.array_equal(grown.present[rows], catalogue.present)
    for modality, vectors in catalogue.vectors.items():
        assert np.array_equal(grown.vectors[modality][rows], vectors)
        assert grown.has(modality)[rows].tolist() == catalogue.has(modality).tolist() == grown.has(modality, rows).tolist()


def test_new_products_stand_below_and_nothing_above_is_copied(base):
    grown, reports = extended(base, NEW, MODALITIES, read)
    assert len(grown) == 7 and list(grown.product_ids) == [p.product_id for p in (*PRODUCTS, *NEW)]
    assert grown.rows(["n1", "p0", "n2"]).tolist() == [5, 0, 6]
    same_features(grown, np.arange(4), base)
    same_features(grown, np.arange(4, 7), build_catalogue(NEW, MODALITIES, None, read)[0])
    assert all(parts_of(grown.vectors[m])[0] is base.vectors[m] for m in base.vectors)
    assert grown.vectors["history"] is grown.vectors["text"]
    assert [(r.encoder.name, r.encoded) for r in reports] == [("bag", 2), ("level", 1)], "only the new products were encoded"
    assert len(base) == 4 and "n0" not in base


def test_pair_scores_of_old_products_stay_when_the_new_bring_no_new_word(base):
    grown = grow(base, [Product("n", "red shirt", image="a" * 64)])
    for query in QUERIES:
        before, after = pair_scores(base, query), pair_scores(grown, query)
        assert np.array_equal(after[:4], before)
    assert np.array_equal(pair_scores(grown, QUERIES[0])[4], pair_scores(base, QUERIES[0])[0]), "p0 again under another name"


def test_a_changed_product_takes_the_place_of_the_old_one(base):
    grown = grow(base, [Product("p1", "blue shoe"), Product("n", "red")])
    assert (grown.row_of["p1"], len(grown), len(grown.row_of)) == (4, 6, 5)
    assert grown.alive.tolist() == [True, False, True, True, True, True]
    assert sorted(grown.row_of) == ["n", "p0", "p1", "p2", "p3"]
    assert not grown.has("image")[4], "the new one has no picture"
    assert grow(grown, [Product("p1", "blue")]).row_of["p1"] == 6


def test_of_an_id_that_comes_twice_the_last_lives(base):
    grown = grow(base, [Product("n", "red"), Product("n", "blue"), Product("p0", "blue"), Product("p0", "red")])
    assert grown.rows(["n", "p0"]).tolist() == [5, 7]
    assert grown.alive.tolist() == [False, True, True, True, False, True, False, True]


def test_removed_products_are_not_found(base):
    grown = without(grow(base, NEW), ["p1", "n0"])
    assert "p1" not in grown and "n0" not in grown and "n1" in grown
    assert grown.row_of.get("n0") is None and len(grown) == 7
    with pytest.raises(RequestError, match=r"'n0'.*one of its 5 product ids"):
        grown.rows(["n0", "p0"])
    with pytest.raises(RequestError, match="'p1'"):
        without(grown, ["p1"])
    assert "p1" in base


def test_a_product_that_was_removed_comes_again(base):
    grown = grow(without(base, ["p1"]), [Product("p1", "blue lamp")])
    assert grown.rows(["p1"]).tolist() == [4]
    again = without(grown, ["p1"])
    assert "p1" not in again and list(again.row_of) == ["p0", "p2", "p3"]


def test_a_product_without_any_content_is_there(base):
    grown = grow(base, [Product("blank", "")])
    assert "blank" in grown and not grown.present[4].any()
    assert not pair_scores(grown, QUERIES[0])[4].any()


def test_media_that_do_not_decode_are_reported_and_the_product_is_there(base):
    def failing(digest):
        if digest == "d" * 64:
            raise MediaError("corrupt", digest)
        return read(digest)

    grown, reports = extended(base, [Product("n", "red", image="d" * 64)], MODALITIES, failing)
    assert reports[1].quarantined == {"d" * 64: "corrupt"}
    assert grown.present[4].tolist() == [True, True, False, True] and "n" in grown
    masked, reports = extended(base, [Product("n", "red", image="a" * 64)], MODALITIES, read, masked={"a" * 64})
    assert not masked.has("image")[4] and reports[1].encoded == 0


def test_other_modalities_are_refused(base):
    with pytest.raises(InputError, match="that the catalogue was built with"):
        extended(base, NEW, MODALITIES[::-1], read)


def test_to_add_nothing_changes_nothing(base):
    grown = grow(base, [])
    assert list(grown.product_ids) == base.product_ids and grown.alive.all()
    for query in QUERIES:
        assert np.array_equal(pair_scores(grown, query), pair_scores(base, query))


def test_a_shop_may_start_empty():
    grown = grow(build_catalogue([], MODALITIES, None, read)[0], PRODUCTS)
    same_features(grown, np.arange(4), build_catalogue(PRODUCTS, MODALITIES, None, read)[0])
    assert grown.lexical.top("red shirt", 1).tolist() == [0]


def test_a_thousand_products_one_by_one_make_few_parts(base):
    grown = base
    for n in range(1000):
        grown = grow(grown, [Product(f"n{n % 900}", f"{WORDS[n % 4]} {WORDS[n % 3]} {n}")])
    assert len(grown) == 1004 and len(grown.row_of) == 904
    assert len(parts_of(grown.vectors["text"])) <= 11
    once = grow(base, [Product(f"n{n % 900}", f"{WORDS[n % 4]} {WORDS[n % 3]} {n}") for n in range(1000)])
    same_features(grown, np.arange(1004), once)
    assert np.array_equal(grown.alive, once.alive) and dict(grown.row_of) == dict(once.row_of)
    for text in ("red shoe", "blue 17", "950"):
        assert np.array_equal(grown.lexical.scores(text), once.lexical.scores(text))


def test_candidates_of_a_request_leave_what_was_added_as_it_is(base):
    live = grow(base, NEW)
    of_request = grow(live, NEW, lasting=False)
    assert len(parts_of(of_request.vectors["text"])) == 3 and of_request.growth.segments[0] is live.growth.segments[0]
    assert len(parts_of(grow(live, NEW).vectors["text"])) == 2
    assert live.rows(["n0"]).tolist() == [4] and of_request.rows(["n0"]).tolist() == [7]


def test_a_past_means_the_newest_row(base):
    grown = grow(base, [Product("p2", "blue blue")])
    features, _ = build_query_features([QUERIES[1]], MODALITIES, grown, None, read, PASTS)
    assert features.pasts[0].rows.tolist() == [4, 3]
    assert features.vectors["history"][0] == pytest.approx([0, 1, 0, 0], abs=1e-3)
    removed, _ = build_query_features([QUERIES[1]], MODALITIES, without(grown, ["p2"]), None, read, PASTS)
    assert removed.pasts[0].rows.tolist() == [3] and not removed.has("history")[0]


steps = st.lists(
    st.one_of(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "red", "blue shirt", "red shoe lamp"])), max_size=3),
        st.sampled_from("abcdef"),
    ),
    max_size=6,
)


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4), steps)
def test_any_history_of_changes_ends_in_the_catalogue_of_what_lives(first, changes):
    expected = {name: Product(name, "red shirt") for name in first}
    catalogue = build_catalogue(list(expected.values()), MODALITIES, None, read)[0]
    for change in changes:
        if isinstance(change, str):
            if change in expected:
                catalogue = without(catalogue, [change])
                del expected[change]
            continue
        products = [Product(name, title) for name, title in change]
        catalogue = grow(catalogue, products)
        expected |= {product.product_id: product for product in products}
    assert set(catalogue.row_of) == set(expected) and len(catalogue.row_of) == len(expected)
    rows = catalogue.rows(list(expected))
    plain = build_catalogue(list(expected.values()), MODALITIES, None, read)[0]
    same_features(catalogue, rows, plain)
    found = catalogue.lexical.top("red", 10) if catalogue.lexical else []
    assert {catalogue.product_ids[row] for row in found} == {name for name, product in expected.items() if "red" in product.title}


def test_a_grown_catalogue_saves_what_lives(base, tmp_path):
    grown = without(grow(base, [*NEW, Product("p0", "red lamp")]), ["p1"])
    grown.save(tmp_path / "c")
    loaded, rows = Catalogue.load(tmp_path / "c"), np.flatnonzero(grown.alive)
    assert loaded.product_ids == ["p2", "p3", "n0", "n1", "n2", "p0"] and loaded.growth is None
    same_features(grown, rows, loaded)
    assert loaded.vectors["history"] is loaded.vectors["text"]
    for query in (*QUERIES, Query("q", "blue kimono lamp")):
        assert pair_scores(loaded, query) == pytest.approx(pair_scores(grown, query)[rows], abs=1e-6)
    assert pair_scores(grow(loaded, NEW), QUERIES[0]).shape[0] == 9
    assert base.compacted() is base


# --- behaviour ---------------------------------------------------------------------------------------------------------------

SHOPPING = [Words(), Behaviour(None)]
TAKEN = [Interaction(day, user, f"{user}{day}", None, p, "purchase", None) for day, user in enumerate("ab") for p in ("p0", "p1")]


def shop_with_a_log():
    return build_catalogue(PRODUCTS, SHOPPING, None, read, interactions=TAKEN)[0]


def test_nobody_took_the_added_products_and_a_changed_one_keeps_what_was_taken():
    base = shop_with_a_log()
    grown, _ = extended(base, [Product("n", "red"), Product("p0", "red")], SHOPPING, read)
    again, _ = extended(grown, [Product("p0", "blue")], SHOPPING, read)
    assert grown.has("behaviour").tolist() == [True] * 4 + [False, True] and again.has("behaviour")[6]
    nobody = Past(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert np.array_equal(grown.behaviour.scores(nobody)[[0, 1, 2, 3, 5]], base.behaviour.scores(nobody)[[0, 1, 2, 3, 0]])
    before = base.behaviour.scores(Past(np.array([0, 1]), np.array([0, 1])))
    after = again.behaviour.scores(Past(np.array([6, 1]), np.array([0, 1])))
    assert np.array_equal(after[[0, 1, 2, 3, 5, 6]], before[[0, 1, 2, 3, 0, 0]]) and not after[4].any()
    assert np.array_equal(grown.behaviour.scores(Past(np.array([4]), np.array([1])))[:4], base.behaviour.scores(nobody))


def test_a_product_that_was_removed_begins_anew():
    grown, _ = extended(without(shop_with_a_log(), ["p0"]), [Product("p0", "red")], SHOPPING, read)
    assert not grown.has("behaviour")[4] and not grown.behaviour.scores(Past(np.array([1]), np.array([1])))[4].any()


def test_compacted_behaviour_scores_the_same(tmp_path):
    grown, _ = extended(shop_with_a_log(), [Product("n", "red"), Product("p0", "red")], SHOPPING, read)
    grown = without(grown, ["p3"])
    rows = np.flatnonzero(grown.alive)
    grown.save(tmp_path / "c")
    loaded = Catalogue.load(tmp_path / "c")
    past = Past(grown.rows(["p0", "p1"]), np.array([0, 1]))
    moved = replace(past, rows=loaded.rows(["p0", "p1"]))
    assert loaded.behaviour.scores(moved) == pytest.approx(grown.behaviour.scores(past)[rows], abs=1e-6)
    assert loaded.has("behaviour").tolist() == grown.has("behaviour")[rows].tolist()
    with pytest.raises(TypeError, match="taken"):
        grown.behaviour.save(tmp_path / "b")
