"""Shadow: how far two orders of a request are apart, by hand."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.online_evaluation.requests import feedback_ndcg
from fuserank.online_evaluation.shoppers import ShopperSums, same_requests
from tests.unit.online.compared_logs import TEN, A, B, act, answer, compared

acts = st.dictionaries(st.sampled_from(TEN), st.sets(st.sampled_from(["click", "add_to_cart", "purchase"]), min_size=1), min_size=1)


def shadowed(request_id, order, shadow, **changes):
    return [answer(request_id, products=order, **changes), answer(request_id, "shadow", shadow, **changes)]


def test_two_orders_by_hand(tmp_path):
    found = compared(
        tmp_path,
        *shadowed("swapped", list("abcd"), list("bacd")),  # one of six pairs the other way: tau 4/6; rho 1 - 6*2/60
        *shadowed("half", list("abcd"), list("dxycz")),  # common c, d, the other way round
        *shadowed("apart", list("ab"), list("xyz")),  # nothing in common: no correlation
    )
    part = found.shadow
    assert (found.champion, found.challenger) == (A, B)
    assert (part.requests, part.correlated, part.stands_for) == (3, 2, 3)
    assert part.kendall == pytest.approx((4 / 6 - 1) / 2) and part.spearman == pytest.approx((0.8 - 1) / 2)
    assert part.overlap == pytest.approx((4 / 4 + 2 / 5 + 0 / 3) / 3)
    assert part.same_first == 0 and part.ndcg is None and part.left_out == {}
    assert found.canary is None and found.interleaved is None


def test_only_the_first_ten_count_for_the_overlap(tmp_path):
    order = [f"p{place}" for place in range(20)]
    part = compared(tmp_path, *shadowed("r", order, order[:1] + order[10:] + order[1:10])).shadow
    assert part.overlap == 0.1 and part.same_first == 1


def test_feedback_measures_both_orders_with_the_highest_gain_of_a_product(tmp_path):
    done = [act("r", "b"), act("r", "b", "purchase"), act("r", "b"), act("r", "c", "add_to_cart"), act("r", "a", "impression")]
    found = compared(tmp_path, *shadowed("r", list("abc"), list("bca")), *shadowed("silent", list("abc"), list("cab")), *done)
    ndcg, ideal = found.shadow.ndcg, 3 + 2 / log2(3)
    assert ndcg.champion == pytest.approx((3 / log2(3) + 2 / 2) / ideal) and ndcg.challenger == pytest.approx(1)
    assert ndcg.difference == pytest.approx(ndcg.challenger - ndcg.champion)
    assert (ndcg.requests, ndcg.shoppers, ndcg.p) == ((1, 1), (1, 1), None)
    assert found.events == {"used": 3, "repeated": 1, "not a click, cart or purchase": 1}


def test_a_product_that_the_order_lacks_counts_in_the_ideal_order_alone():
    assert feedback_ndcg(("x", "y"), {"a": {"click"}}) == 0
    assert feedback_ndcg(("a",), {"a": {"click"}, "b": {"purchase"}}) == pytest.approx(1 / (3 + 1 / log2(3)))
    assert feedback_ndcg((*TEN, "b"), {"b": {"click"}}) == 0, "the eleventh place is below the cut"


@given(st.permutations(TEN), acts)
def test_the_best_order_has_one_and_no_order_more(order, done):
    gain = {product: max({"click": 1, "add_to_cart": 2, "purchase": 3}[a] for a in what) for product, what in done.items()}
    ideal = sorted(order, key=lambda product: -gain.get(product, 0))
    assert feedback_ndcg(tuple(ideal), done) == pytest.approx(1)
    assert 0 <= feedback_ndcg(tuple(order), done) <= 1 + 1e-9


def test_what_cannot_be_compared_is_counted(tmp_path):
    found = compared(
        tmp_path,
        *shadowed("good", list("ab"), list("ab")),
        answer("slow"),
        answer("slow", "shadow", degraded=["deadline: BM25 order, the model took more than 5 ms"]),
        answer("hurt", degraded=["image: its encoder failed"]),
        answer("hurt", "shadow"),
        answer("lost", "shadow"),
        *shadowed("empty", [], ["a"]),
        answer("alone"),
        *[act("slow", "p1"), act("lost", "p1"), act("good", "z"), act("nowhere", "a"), act("alone", "p1")],
    )
    assert found.shadow.requests == 1
    assert found.shadow.left_out == {"degraded": 2, "the answer shown is not in the log": 1, "an order without products": 1}
    assert found.events == {"product not shown": 1, "request not in the log": 1, "request not compared": 3}


def test_the_models_of_a_shopper_are_swapped_together():
    """Five requests of one shopper and one of another: of the four swaps two are as far from 0, whatever the requests say."""
    sums = ShopperSums(2)
    for shopper in ["one"] * 5 + ["two"]:
        sums.add(shopper, [0.2, 0.5])
    contrast = same_requests("m", sums.table())
    assert contrast.p == 0.5 and (contrast.requests, contrast.shoppers) == ((6, 6), (2, 2))
    assert contrast.difference == pytest.approx(0.3)


def test_above_some_thousand_shoppers_the_t_test_takes_over(monkeypatch):
    rng = np.random.default_rng(0)
    sums = ShopperSums(2)
    for shopper in range(60):
        sums.add(str(shopper), [0.5, 0.5 + rng.normal(0.05, 0.2)])
    exact = same_requests("m", sums.table())
    monkeypatch.setattr("fuserank.online_evaluation.shoppers.FEW", 10)
    large = same_requests("m", sums.table())
    assert large.p == pytest.approx(exact.p, abs=0.02) and 0 < large.p < 1
    assert exact.low < exact.difference < exact.high
