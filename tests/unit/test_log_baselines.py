"""Baselines that read the log, on a shop small enough to see why each product stands where it does."""

import numpy as np
import pytest

from fuserank.baselines import BASELINES
from fuserank.baselines.from_log import best_from_log
from fuserank.features import build_catalogue, build_query_features, histories
from fuserank.modalities.behaviour import Behaviour
from fuserank.modalities.shopping_log import DAY
from fuserank.slates import Features
from fuserank.types import Interaction, Product, Query

FROM_LOG = ("popularity", "repeat", "item_knn", "als")
CUP, SAUCER, LAMP, RUG = range(4)
PRODUCTS = [Product(name, name) for name in ("cup", "saucer", "lamp", "rug")]
ROWS = np.arange(4)


def took(day, user, *products):
    return [Interaction(day * DAY, user, f"{user}{day}", None, product, "purchase", None) for product in products]


LOG = [
    *(event for user in ("ann", "bob", "eve") for event in took(10, user, "cup", "saucer")),
    *(event for user in ("fay", "gus", "hal", "ida") for event in took(11, user, "lamp")),
    *took(12, "dee", "cup"),
    *took(13, "dee", "cup"),
]
AT_FIRST = Query("val", user_id="dee", timestamp=16 * DAY, split="val")
LATER = Query("test", user_id="dee", timestamp=40 * DAY)
FUTURE = [event for user in ("u0", "u1", "u2", "u3", "u4", "u5") for event in took(25, user, "rug", "cup")]


def shop(interactions, *queries):
    catalogue, _ = build_catalogue(
        PRODUCTS, [Behaviour(None)], None, {}.get, interactions=interactions, moments=[q.timestamp for q in queries]
    )
    asked, _ = build_query_features(queries, [Behaviour(None)], catalogue, None, {}.get, histories(interactions))
    features = Features([Behaviour(None)], catalogue, asked)
    return features, [features.slate(q, ROWS, np.array([0, 1, 0, 0], np.float32)) for q in range(len(queries))]


def scores(name, interactions, *queries):
    features, slates = shop(interactions, *queries)
    (score,) = BASELINES[name].fit(features, [], slates[:1], 0).values()
    return [score(slate) for slate in slates]


def test_popularity_counts_shoppers():
    (found,) = scores("popularity", LOG, AT_FIRST)
    assert found.tolist() == [4, 3, 4, 0]


def test_repeat_puts_own_purchases_first_and_the_rest_by_popularity():
    (found,) = scores("repeat", LOG, AT_FIRST)
    assert np.argsort(-found, kind="stable").tolist() == [CUP, LAMP, SAUCER, RUG]
    assert found[CUP] > 2 > 1 > found[LAMP]


def test_item_knn_sums_the_cosines_of_what_the_shopper_took():
    """Cup stands in five baskets, saucer in three, together in three; shoppers who took cup are four."""
    (found,) = scores("item_knn", LOG, AT_FIRST)
    assert found[CUP] == pytest.approx(1) and found[LAMP] == found[RUG] == 0
    assert found[SAUCER] == pytest.approx(3 / np.sqrt(5 * 3)) or found[SAUCER] == pytest.approx(3 / np.sqrt(4 * 3))


def test_als_prefers_what_goes_with_the_past():
    (found,) = scores("als", LOG, AT_FIRST)
    assert found[CUP] > found[LAMP] and found[SAUCER] > found[LAMP]


@pytest.mark.parametrize("name", FROM_LOG)
def test_the_future_of_a_query_is_not_read(name):
    known, with_future = scores(name, LOG, AT_FIRST), scores(name, [*LOG, *FUTURE], AT_FIRST, LATER)
    assert np.array_equal(known[0], with_future[0])
    assert not np.array_equal(with_future[0], with_future[1])


@pytest.mark.parametrize("name", FROM_LOG)
def test_without_a_log_there_is_no_ranker(name):
    features, slates = shop([], AT_FIRST)
    assert BASELINES[name].fit(features, [], slates, 0) == {}


@pytest.mark.parametrize("name", FROM_LOG)
def test_asked_before_everything_all_are_equal(name):
    before = Query("early", user_id="dee", timestamp=5 * DAY)
    found = scores(name, LOG, AT_FIRST, before)[1]
    assert found.tolist() == [found[0]] * 4


def test_the_setting_that_serves_validation_best_is_taken():
    def always(product):
        return lambda log, moment: lambda past: (product == ROWS).astype(float)

    features, slates = shop(LOG, AT_FIRST)
    (score,) = best_from_log("x", features, slates, [always(LAMP), always(SAUCER), always(RUG)]).values()
    assert score(slates[0]).argmax() == SAUCER
