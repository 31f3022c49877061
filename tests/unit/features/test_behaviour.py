"""Scores of behaviour on a log small enough to be counted by hand, and that no score knows the future."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.errors import ModelFolderError
from fuserank.features import Catalogue, PairScores, build_catalogue, build_query_features, histories
from fuserank.features.histories import past_of, shopping_log
from fuserank.modalities.behaviour import SNAPSHOTS, Behaviour, BehaviourIndex, Past
from fuserank.modalities.behaviour_snapshot import CONFIDENCE, HALF_LIFE_DAYS, RECENT_DAYS, REGULARISATION
from fuserank.modalities.shopping_log import DAY
from fuserank.types import Interaction, Product, Query

POPULAR_NOW, POPULAR, TIMES, BOUGHT, RECENCY, ITEM_KNN, ALS = range(7)
PRODUCTS = [Product(name, name) for name in ("cup", "saucer", "lamp", "rug")]
ROW_OF = {product.product_id: row for row, product in enumerate(PRODUCTS)}
TODAY = 100 * DAY


def took(day, user, session, *products, query=None, action="purchase"):
    return [Interaction(day * DAY, user, session, query, product, action, None) for product in products]


# Ann takes cup and saucer twice, Bob cup and saucer once, Cy a lamp; nobody a rug.
LOG = [
    *took(10, "ann", "a1", "cup", "saucer"),
    *took(95, "ann", "a2", "cup", "saucer"),
    *took(97, "bob", "b1", "cup", "saucer"),
    *took(20, "cy", "c1", "lamp"),
    *took(50, "cy", "c2", "rug", action="impression"),
    *took(50, "cy", "c3", "rug", query="q9"),
]


def features(interactions, *queries):
    catalogue, _ = build_catalogue(
        PRODUCTS, [Behaviour(None)], None, {}.get, interactions=interactions, moments=[q.timestamp for q in queries if q.timestamp]
    )
    asked, _ = build_query_features(queries, [Behaviour(None)], catalogue, None, {}.get, histories(interactions))
    return catalogue, asked


def scores(interactions, query):
    return PairScores([Behaviour(None)], *features(interactions, query)).scores(0)


@pytest.fixture(scope="module")
def of_ann():
    return scores(LOG, Query("q", user_id="ann", timestamp=TODAY))


def test_popularity_counts_shoppers_not_events(of_ann):
    assert of_ann[:, POPULAR] == pytest.approx([1, 1, math.log(2) / math.log(3), 0])  # two, two, one and no shopper


def test_popularity_of_now_reads_the_last_days_only(of_ann):
    assert RECENT_DAYS == 14
    assert of_ann[:, POPULAR_NOW] == pytest.approx([1, 1, 0, 0])


def test_times_bought_and_recency(of_ann):
    assert of_ann[:, TIMES] == pytest.approx([2 / 3, 2 / 3, 0, 0])
    weight = 0.5 ** (90 / HALF_LIFE_DAYS) + 0.5 ** (5 / HALF_LIFE_DAYS)
    assert of_ann[:, BOUGHT] == pytest.approx([weight / (1 + weight)] * 2 + [0, 0])
    assert of_ann[:, RECENCY] == pytest.approx([math.exp(-5 / 60)] * 2 + [0, 0])


def test_item_knn_is_the_sum_of_cosines_of_baskets():
    # Dee's one event is a cup. Of four baskets three hold cups, three saucers (the same three): their cosine is 1, the others' 0.
    found = scores([*LOG, *took(99, "dee", "d1", "cup")], Query("q", user_id="dee", timestamp=TODAY))
    assert found[:, ITEM_KNN] == pytest.approx([0, 1, 0, 0])
    log = shopping_log([*LOG, *took(99, "dee", "d1", "cup"), *took(99, "eve", "e1", "lamp", "rug", "cup")], ROW_OF)
    snapshot = BehaviourIndex.build(log).snapshots[0]
    cosines = snapshot.neighbour_cosines[ROW_OF["lamp"]]
    near = dict(zip(snapshot.neighbour_rows[ROW_OF["lamp"]][cosines > 0].tolist(), cosines[cosines > 0].tolist(), strict=True))
    assert near[ROW_OF["rug"]] == pytest.approx(1 / math.sqrt(2 * 1))  # one basket in common, of two and of one
    assert near[ROW_OF["cup"]] == pytest.approx(1 / math.sqrt(2 * 5))


def test_als_tells_apart_what_goes_together(of_ann):
    assert of_ann[:2, ALS].min() > 0.8 and of_ann[2:, ALS].max() < 0.1


def test_a_taste_is_the_step_of_als_for_one_shopper():
    """Reference: the normal equations written out over all products (Hu, Koren & Volinsky 2008, equation 4)."""
    snapshot = BehaviourIndex.build(shopping_log(LOG, ROW_OF)).snapshots[0]
    rows, weights = np.array([0, 2]), np.array([1.0, 0.25], np.float32)
    confidence, wanted = np.ones(4), np.zeros(4)
    confidence[rows], wanted[rows] = 1 + CONFIDENCE * weights, 1
    v = snapshot.factors.astype(np.float64)
    expected = np.linalg.solve(
        v.T @ np.diag(confidence) @ v + REGULARISATION * np.eye(v.shape[1]), v.T @ np.diag(confidence) @ wanted
    )
    assert snapshot.taste(rows, weights) == pytest.approx(expected, abs=1e-5)


def test_without_a_past_only_popularity_speaks():
    for query in (Query("q", user_id="zoe", timestamp=TODAY), Query("q", text="cup", timestamp=TODAY)):
        found = scores(LOG, query)
        assert found[:, :2].any() and not found[:, 2:].any()


def test_events_of_queries_and_impressions_do_not_count(of_ann):
    assert not of_ann[ROW_OF["rug"]].any()


def test_a_query_without_a_time_knows_everything():
    assert scores(LOG, Query("q", user_id="ann")) == pytest.approx(scores(LOG, Query("q", user_id="ann", timestamp=97 * DAY + 1)))


def test_a_query_before_everything_knows_nothing():
    assert not scores(LOG, Query("q", user_id="ann", timestamp=10 * DAY)).any()


events = st.tuples(st.integers(0, 60), st.sampled_from(["ann", "bob", "cy"]), st.sampled_from(list(ROW_OF)))


@settings(max_examples=15, deadline=None)
@given(past=st.lists(events, min_size=1, max_size=12), future=st.lists(events, min_size=1, max_size=12))
def test_nothing_from_the_time_of_the_query_on_changes_its_scores(past, future):
    known = [event for day, user, product in past for event in took(day, user, f"{user}{day}", product)]
    later = [event for day, user, product in future for event in took(61 + day, user, f"{user}{61 + day}", product)]
    query = Query("q", user_id="ann", timestamp=61 * DAY)
    assert np.array_equal(scores([*later, *known], query), scores(known, query))
    (with_future, asked), (without, asked_without) = features([*later, *known], query), features(known, query)
    assert np.array_equal(with_future.present, without.present)
    assert np.array_equal(asked.pasts[0].rows, asked_without.pasts[0].rows)


def test_a_past_ends_before_the_query_and_leaves_unknown_products_out():
    taken = {"ann": [(1, "cup"), (2, "gone"), (3, "rug"), (3, "lamp"), (4, "cup")]}
    past = past_of(Query("q", user_id="ann", timestamp=4), taken, ROW_OF)
    assert past.rows.tolist() == [ROW_OF["cup"], ROW_OF["rug"], ROW_OF["lamp"]] and past.times.tolist() == [1, 3, 3]
    assert len(past_of(Query("q", user_id="ann"), taken, ROW_OF).rows) == 4
    assert len(past_of(Query("q", text="cup"), taken, ROW_OF).rows) == 0


def test_the_vector_of_a_history_ends_before_the_query():
    from tests.unit.features.test_catalogue import Words

    modalities = [Words("history", True)]
    products = [Product("r", "red"), Product("b", "blue")]
    taken = {"u": [(1, "r"), (5, "b")]}
    catalogue, _ = build_catalogue(products, modalities, None, {}.get)
    queries = [Query(f"q{moment}", user_id="u", timestamp=moment) for moment in (5, 6, 1)]
    built, _ = build_query_features(queries, modalities, catalogue, None, {}.get, taken)
    assert built.vectors["history"][0].tolist() == [1, 0, 0, 0]
    assert built.vectors["history"][1] == pytest.approx([math.sqrt(0.5)] * 2 + [0, 0])
    assert built.has("history").tolist() == [True, True, False]


def test_snapshots_are_few_and_the_earliest_query_has_one():
    log = shopping_log(LOG, ROW_OF)
    index = BehaviourIndex.build(log, [day * DAY for day in range(15, 95)])
    assert len(index.snapshots) == SNAPSHOTS + 1
    assert index.at(15 * DAY - 1) is None
    assert int(index.at(15 * DAY).moment) == 15 * DAY
    assert all(int(index.at(day * DAY).moment) <= day * DAY for day in range(15, 120))
    assert int(index.at(None).moment) == 97 * DAY + 1


def test_a_saved_index_answers_queries_of_now_the_same(tmp_path):
    catalogue, asked = features(LOG, Query("q", user_id="ann"), Query("old", user_id="ann", timestamp=60 * DAY))
    catalogue.save(tmp_path / "c")
    loaded = Catalogue.load(tmp_path / "c")
    assert loaded.behaviour.log is None
    assert np.array_equal(loaded.behaviour.scores(asked.pasts[0]), catalogue.behaviour.scores(asked.pasts[0]))
    assert loaded.behaviour.at(60 * DAY) is None, "it knows later events, so it does not answer for then"


@pytest.mark.parametrize("damage", ["factors.npy", "moment.npy", "short"])
def test_an_incomplete_index_is_refused(tmp_path, damage):
    features(LOG, Query("q", user_id="ann"))[0].behaviour.save(tmp_path / "b")
    if damage == "short":
        np.save(tmp_path / "b" / "factors.npy", np.zeros((1, 4), np.float32))
    else:
        (tmp_path / "b" / damage).unlink()
    with pytest.raises(ModelFolderError, match="build the catalogue again"):
        BehaviourIndex.load(tmp_path / "b")


def test_top_gives_the_best_and_nothing_without_a_score():
    index = BehaviourIndex.build(shopping_log(LOG, ROW_OF))
    past = Past(np.array([ROW_OF["lamp"]]), np.array([97 * DAY]))
    assert index.top(past, 1).tolist() == [ROW_OF["lamp"]]
    assert set(index.top(past, 9).tolist()) == {0, 1, 2}


def test_without_a_log_the_modality_is_absent():
    catalogue, asked = features([], Query("q", user_id="ann"))
    assert catalogue.behaviour is None and not catalogue.has("behaviour").any()
    assert not PairScores([Behaviour(None)], catalogue, asked).scores(0).any()


def test_the_same_log_gives_the_same_numbers():
    one, other = (BehaviourIndex.build(shopping_log(LOG, ROW_OF), [60 * DAY]) for _ in range(2))
    for a, b in zip(one.snapshots, other.snapshots, strict=True):
        assert np.array_equal(a.factors, b.factors) and np.array_equal(a.neighbour_cosines, b.neighbour_cosines)


def test_there_is_no_pair_score_of_vectors():
    with pytest.raises(TypeError, match="BehaviourIndex"):
        Behaviour(None).pair(np.zeros(1), np.zeros((1, 1)))
