"""Canary: two groups of shoppers, by hand and beside scipy's own Welch test."""

from math import log2, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fuserank.online_evaluation.shoppers import ShopperSums, two_sides
from tests.unit.online.compared_logs import TIME, A, B, act, answer, compared

HOUR = 3_600_000
EDGES = [answer("first", "challenger", user="edge 1", time=TIME), answer("last", "challenger", user="edge 2", time=TIME + HOUR)]
counts = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), min_size=2, max_size=12)


def asked(request_id, user, role="champion", **changes):
    return answer(request_id, role, **({"user": user, "time": TIME + 1000} | changes))


def measures(found):
    return {contrast.measure: contrast for contrast in found.canary.measures}


def test_rates_and_orders_by_hand(tmp_path):
    found = compared(
        tmp_path,
        *EDGES,
        asked("c1", "ann"), act("c1", "p2"), act("c1", "p4"), act("c1", "p4", "purchase"),
        asked("c2", "ann"),
        asked("c3", "bob"), act("c3", "p1"),
        asked("c4", "cat"),
        asked("d1", "dan", "challenger"), act("d1", "p1", "add_to_cart"),
    )  # fmt: skip
    assert (found.champion, found.challenger, found.canary.requests, found.canary.shoppers) == (A, B, (4, 3), (3, 3))
    got = measures(found)
    assert {name: (c.champion, c.challenger) for name, c in got.items() if "requests with" in name and "nDCG" not in name} == {
        "requests with a click": (2 / 4, 0),
        "requests with a product put into the cart": (0, pytest.approx(1 / 3)),
        "requests with a purchase": (1 / 4, 0),
    }
    ndcg = got["nDCG@10 of requests with feedback"]
    first = (1 / log2(3) + 3 / log2(5)) / (3 + 1 / log2(3))
    assert ndcg.champion == pytest.approx((first + 1) / 2) and ndcg.challenger == 1
    assert (ndcg.requests, ndcg.shoppers) == ((2, 1), (2, 1)) and ndcg.p is None, "one shopper has no spread"
    assert "reciprocal rank of the first click" not in got, "nothing of the challenger's was clicked"
    assert found.events == {"used": 5}


def test_first_click_is_the_highest(tmp_path):
    done = [act("first", "p5"), act("c", "p4", time=TIME), act("c", "p2", time=TIME + 5000), act("c", "p1", "purchase")]
    found = compared(tmp_path, *EDGES, asked("c", "ann"), *done)
    rank = measures(found)["reciprocal rank of the first click"]
    assert (rank.champion, rank.challenger) == (1 / 2, pytest.approx(1 / 5))


def test_the_champion_counts_while_the_challenger_answered(tmp_path):
    before = asked("before", "ann", time=TIME - 1)
    after = asked("after", "ann", time=TIME + HOUR + 1)
    found = compared(tmp_path, before, asked("beside", "ann"), after, *EDGES, act("after", "p1"))
    assert found.canary.requests == (1, 2) and found.events == {"request not compared": 1}
    assert (found.first, found.last) == ("2025-10-09T08:53:20+00:00", "2025-10-09T09:53:20+00:00")


def test_who_was_not_drawn_is_left_out_and_counted(tmp_path):
    found = compared(
        tmp_path,
        *EDGES,
        asked("ok", "ann"),
        asked("named", "bob", by_name=True),
        asked("named too", "cat", "challenger", by_name=True),
        asked("slow", "dan", "challenger", degraded=["deadline: BM25 order"]),
        asked("here", "eve"),
        asked("there", "eve", "challenger"),
    )
    part = found.canary
    assert (part.requests, part.shoppers, part.changed_sides) == ((1, 2), (1, 2), 1)
    assert part.left_out == {"champion: asked for by name": 1, "challenger: asked for by name": 1, "challenger: degraded": 1}


def test_a_visit_is_a_shopper_and_nobody_is_one_a_request(tmp_path):
    visits = [asked(f"v{n}", None, session_id="visit") for n in range(3)]
    found = compared(tmp_path, *EDGES, *visits, asked("n1", None), asked("n2", None))
    assert (found.canary.requests, found.canary.shoppers, found.canary.of_nobody) == ((5, 2), (3, 2), (2, 0))


def side(pairs):
    sums = ShopperSums(1)
    for shopper, (clicked, silent) in enumerate(pairs):
        for value in [1.0] * clicked + [0.0] * silent:
            sums.add(str(shopper), [value])
    return sums.table()[:, 0]


@given(counts, counts)
def test_with_a_request_each_the_test_is_welchs(a, b):
    values = [np.array([float(clicked > 2) for clicked, _ in pairs]) for pairs in (a, b)]
    contrast = two_sides("m", *(np.stack([value, np.ones(len(value))], axis=1) for value in values))
    if values[0].std() + values[1].std() == 0:
        assert contrast.p is contrast.low is None
        return
    variances = [value.var(ddof=1) / len(value) for value in values]
    t = (values[1].mean() - values[0].mean()) / sqrt(sum(variances))
    df = sum(variances) ** 2 / sum(v**2 / (len(value) - 1) for v, value in zip(variances, values, strict=True))
    assert contrast.p == pytest.approx(2 * stats.t.sf(abs(t), df))
    reach = stats.t.ppf(0.975, df) * sqrt(sum(variances))
    assert (contrast.low, contrast.high) == pytest.approx((contrast.difference - reach, contrast.difference + reach))


@given(counts, counts)
def test_values_are_means_over_requests_and_swapping_sides_swaps_the_sign(a, b):
    one, other = two_sides("m", side(a), side(b)), two_sides("m", side(b), side(a))
    assert one.champion == pytest.approx(sum(c for c, _ in a) / sum(c + s for c, s in a))
    assert (
        one.difference == pytest.approx(-other.difference)
        and one.p == pytest.approx(other.p)
        and one.low == pytest.approx(None if other.high is None else -other.high)
    )


def test_requests_of_one_shopper_are_no_evidence_of_their_own():
    """Twenty shoppers a side who repeat themselves ten times are as good as twenty requests, not two hundred."""
    few = [side([(clicks, 1 - clicks) for clicks in rates]) for rates in ([1] * 6 + [0] * 14, [1] * 12 + [0] * 8)]
    many = [side([(10 * clicks, 10 - 10 * clicks) for clicks in rates]) for rates in ([1] * 6 + [0] * 14, [1] * 12 + [0] * 8)]
    assert two_sides("m", *many).p == pytest.approx(two_sides("m", *few).p)


def test_equal_models_seldom_differ():
    """200 comparisons without a difference, shoppers with 1 to 20 alike requests: 5 % are called one, give or take."""
    rng = np.random.default_rng(0)

    def group():
        rates, asks = rng.beta(1, 4, 40), rng.integers(1, 21, 40)
        return np.stack([rng.binomial(asks, rates), asks], axis=1).astype(float)

    called = sum(two_sides("m", group(), group()).p < 0.05 for _ in range(200))
    assert 2 <= called <= 20  # binomial (200, .05): 10 ± 3.1
