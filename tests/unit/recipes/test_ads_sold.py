"""Bids, budgets, charges and the generated market, against sums by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.data.sample import build_sample
from fuserank.errors import SchemaError
from fuserank.metrics.calibration import ece
from fuserank.recipes.ad_recommendation.ads import Ad, read_ads, write_ads
from fuserank.recipes.ad_recommendation.market import HIT, MISS, build_market
from fuserank.recipes.ad_recommendation.selling import HEADROOM, ORDERS, RESERVE, Opportunity, sell


def chance(probability, clicked):
    return Opportunity(np.arange(len(probability)), np.array(probability), np.array(clicked, bool))


BIDS, RICH = np.array([1.0, 2.0, 0.5]), np.full(3, 100.0)
# Expected values: .40, .20, .25: the order is 0, 2, 1. Bids: 1, 0, 2. Probabilities: 2, 0, 1.
ONE = chance([0.4, 0.1, 0.5], [True, True, True])


@pytest.mark.parametrize(
    ("order", "ranked", "spent"),
    [
        ("expected value", [0, 2], [0.25 / 0.4, 0.0, 0.20 / 0.5]),
        ("bid", [1, 0], [0.5, 1.0, 0.0]),
        ("probability", [2, 0], [1.0, 0.0, 0.5]),
    ],
)
def test_order_and_second_price_by_hand(order, ranked, spent):
    sold = sell([ONE], BIDS, RICH, ORDERS[order], slots=2, paced=False)
    assert sold.rankings[0].tolist() == ranked
    assert sold.spent == pytest.approx(spent)
    assert sold.revenue == pytest.approx([sum(spent)]) and (sold.shown, sold.clicks) == (2, 2)


def test_the_last_ad_pays_the_reserve():
    sold = sell([chance([0.5], [True])], BIDS, RICH, ORDERS["expected value"], slots=3, paced=False)
    assert sold.spent[0] == RESERVE


def test_a_spent_budget_is_not_shown():
    twice = [chance([0.4, 0.1, 0.5], [True, False, False])] * 3
    budgets = np.array([1.3, 100.0, 100.0])  # pays one click at .625; a second might cost 1.00, and .675 is left
    sold = sell(twice, BIDS, budgets, ORDERS["expected value"], slots=1, paced=False)
    assert [ranking[0] for ranking in sold.rankings] == [0, 2, 2]
    assert sold.spent[0] == pytest.approx(0.625)


def test_pacing_makes_an_ad_sit_out_until_its_share_of_time_has_come():
    ten = [chance([0.4, 0.1, 0.5], [True, False, False])] * 10
    budgets = np.array([2.0, 100.0, 100.0])
    sold = sell(ten, BIDS, budgets, ORDERS["expected value"], slots=1, paced=True)
    shown = [number for number, ranking in enumerate(sold.rankings) if ranking[0] == 0]
    # .625 spent is at most 2 · (n / 10 + HEADROOM) from n = 2.125 on; 1.25 from 5.25 on, but then 1.00 may exceed what is left
    assert HEADROOM == 0.1 and shown == [0, 3]


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(ORDERS)), st.booleans(), st.integers(1, 4))
def test_no_budget_is_ever_overspent_and_no_click_costs_more_than_its_bid(seed, order, paced, slots):
    rng = np.random.default_rng(seed)
    bids, budgets = rng.uniform(0.01, 3, 5), rng.uniform(0.01, 6, 5)
    chances = [
        Opportunity(rng.permutation(5)[:4], rng.uniform(1e-6, 1, 4), rng.random(4) < 0.5) for _ in range(int(rng.integers(1, 20)))
    ]
    sold = sell(chances, bids, budgets, ORDERS[order], slots=slots, paced=paced)
    assert (sold.spent <= budgets + 1e-6).all()
    assert sold.revenue[-1] == pytest.approx(sold.spent.sum()) and sold.revenue[-1] <= sold.clicks * bids.max() + 1e-9
    assert all(len(ranking) <= slots for ranking in sold.rankings)


def test_an_ad_without_budget_for_one_click_is_never_shown():
    sold = sell([ONE], BIDS, np.array([0.9, 1.9, 0.4]), ORDERS["bid"], slots=3, paced=False)
    assert sold.shown == 0 and sold.revenue == [0.0]


def test_ece_by_hand():
    # two equal-mass bins: .1 said and 0 of 2 found, .6 said and 1 of 2 found
    assert ece(np.array([0.1, 0.1, 0.6, 0.6]), np.array([0, 0, 1, 0]), bins=2) == pytest.approx((0.1 + 0.1) / 2)


def test_ads_come_back(tmp_path):
    ads = [Ad("a", 0.5, 10.0), Ad("b", 1.25, 0.01)]
    write_ads(tmp_path / "ads.csv", ads)
    assert read_ads(tmp_path / "ads.csv", ["a", "b"]) == {"a": ads[0], "b": ads[1]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns None"),
        ("product_id;bid;budget\na;1;1\n", "columns"),
        ("product_id,bid,budget\na,1,1\na,1,1\n", "line 3: 'a' a second time"),
        ("product_id,bid,budget\na,0,1\n", "line 2: '0'"),
        ("product_id,bid,budget\na,-1,1\n", "line 2"),
        ("product_id,bid,budget\na,nan,1\n", "line 2"),
        ("product_id,bid,budget\na,1,inf\n", "line 2"),
        ("product_id,bid,budget\na,1\n", "line 2: 'None'"),
        ("product_id,bid,budget\n", "'a' is without a row"),
        ("product_id,bid,budget\na,1,1\nz,1,1\n", "'z' is no product"),
    ],
)
def test_wrong_ads_are_named(tmp_path, text, said):
    (tmp_path / "ads.csv").write_text(text)
    with pytest.raises(SchemaError, match=said):
        read_ads(tmp_path / "ads.csv", ["a"])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_ads(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("ads") / "ads.csv"
    file.write_bytes(content)
    with pytest.raises(SchemaError):
        read_ads(file, ["a product"])


def test_no_table_of_ads(tmp_path):
    with pytest.raises(SchemaError, match="cannot be read"):
        read_ads(tmp_path / "ads.csv", [])


def test_the_market_says_what_it_is_and_clicks_at_its_rates(tmp_path):
    store = build_sample(tmp_path / "store", products=80, queries=24)
    market = build_market(tmp_path / "ads", store, shoppers=100, shown=20, seed=3)
    assert "generated" in market.manifest.origin
    grades = [grade for slate in market.qrels.values() for grade in slate.values()]
    assert len(grades) == 2000 and MISS < np.mean(grades) < HIT
    ads = read_ads(tmp_path / "ads" / "ads.csv", [product.product_id for product in market.products])
    assert all(ad.budget >= 2 * ad.bid - 0.01 for ad in ads.values())
    past = max(event.timestamp for event in market.interactions)
    assert past < min(query.timestamp for query in market.queries)
    again = build_market(tmp_path / "again", store, shoppers=100, shown=20, seed=3)
    assert again.version == market.version
