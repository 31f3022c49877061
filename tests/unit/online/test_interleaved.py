"""Interleaved: credit, wins and preference, by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fuserank.online_evaluation.interleaved import Interleaved
from fuserank.online_evaluation.requests import Answer
from tests.unit.online.compared_logs import TEN, A, B, act, compared, mixed

requests = st.lists(st.tuples(st.text("ab", min_size=1, max_size=6), st.sets(st.integers(0, 5)), st.integers(0, 3)), max_size=12)


def preferences(found):
    return {row.action: row for row in found.interleaved.preferences}


def test_wins_ties_and_preference_by_hand(tmp_path):
    found = compared(
        tmp_path,
        *mixed("r1", "abba", ["p2", "p3", "p1"], user="ann"),  # challenger 2 : 1
        *mixed("r2", "ba", ["p1", "p1"], user="ann"),  # challenger, once
        *mixed("r3", "ab", ["p1"], user="bob"),  # champion
        *mixed("r4", "ab", ["p1", "p2"], user="cat"),  # tie
        *mixed("r5", "ab", [], user="dan"),
        *mixed("r6", "ba", [("p1", "purchase")], user="eve"),
    )
    assert (found.champion, found.challenger, found.interleaved.requests) == (A, B, 6)
    clicks, purchases = preferences(found)["click"], preferences(found)["purchase"]
    assert (clicks.requests, clicks.wins, clicks.losses, clicks.ties) == (4, 2, 1, 1)
    assert clicks.delta == (2 + 0.5) / 4 - 0.5
    assert (clicks.shoppers_for, clicks.shoppers_against, clicks.p) == (1, 1, 1.0)
    assert (purchases.requests, purchases.wins, purchases.delta, purchases.p) == (1, 1, 0.5, 1.0)
    assert "add_to_cart" not in preferences(found)
    assert found.events == {"used": 8, "repeated": 1}
    assert found.shadow is None and found.canary is None


def test_the_sign_test_is_over_shoppers(tmp_path):
    loyal = [record for n in range(9) for record in mixed(f"l{n}", "ab", ["p2"], user="loyal")]
    others = [record for n in range(7) for record in mixed(f"o{n}", "ab", ["p2" if n else "p1"], user=f"other {n}")]
    clicks = preferences(compared(tmp_path, *loyal, *others))["click"]
    assert (clicks.wins, clicks.losses, clicks.shoppers_for, clicks.shoppers_against) == (15, 1, 7, 1)
    assert clicks.p == pytest.approx(2 * (1 + 8) / 2**8), "both tails of eight coins"


def test_the_preference_has_an_interval_over_shoppers(tmp_path):
    """By hand: outcomes 1 1 | -1 | 1, so R = 2/4; linearised R + (s - R n) / (4/3), halved; t with 2 degrees of freedom."""
    lists = [("r1", "p2", "ann"), ("r2", "p2", "ann"), ("r3", "p1", "bob"), ("r4", "p2", "cat")]
    clicks = preferences(compared(tmp_path, *[r for n, p, who in lists for r in mixed(n, "ab", [p], user=who)]))["click"]
    by_shopper = [(0.5 + (s - 0.5 * n) * 3 / 4) / 2 for s, n in ((2, 2), (-1, 1), (1, 1))]
    mean, deviation = sum(by_shopper) / 3, stats.tstd(by_shopper)
    half = stats.t.ppf(0.975, 2) * deviation / 3**0.5
    assert clicks.delta == pytest.approx(mean)
    assert (clicks.low, clicks.high) == pytest.approx((mean - half, mean + half))


def test_one_shopper_gives_no_interval(tmp_path):
    clicks = preferences(compared(tmp_path, *mixed("r1", "ab", ["p2"], user="ann"), *mixed("r2", "ab", ["p1"], user="ann")))[
        "click"
    ]
    assert (clicks.low, clicks.high) == (None, None)


def test_degraded_lists_are_counted_and_their_clicks_are_not(tmp_path):
    found = compared(
        tmp_path,
        *mixed("good", "ab", ["p2"]),
        *mixed("slow", "ab", ["p1"], degraded=["deadline: BM25 order"]),
        act("good", "p9"),
    )
    assert found.interleaved.left_out == {"degraded": 1} and preferences(found)["click"].losses == 0
    assert found.events == {"used": 1, "product not shown": 1, "request not compared": 1}


def preference(drawn):
    part = Interleaved()
    for teams, places, shopper in drawn:
        names = tuple({"a": "champion", "b": "challenger"}[team] for team in teams)
        shown = Answer("v", 0, str(shopper), True, False, tuple(TEN[: len(teams)]), names, False, 1.0)
        part.add(shown, {TEN[place]: {"click"} for place in places if place < len(teams)})
    found = part.result()
    return found and found.preferences and found.preferences[0]


@given(requests)
@settings(max_examples=60)
def test_swapping_the_teams_swaps_the_preference(drawn):
    ours = preference(drawn)
    theirs = preference([(teams.translate(str.maketrans("ab", "ba")), places, who) for teams, places, who in drawn])
    if not ours:
        assert not theirs
        return
    assert (ours.wins, ours.losses, ours.ties) == (theirs.losses, theirs.wins, theirs.ties)
    assert ours.wins + ours.losses + ours.ties == ours.requests
    assert ours.delta == pytest.approx(-theirs.delta) and ours.p == theirs.p
    decided = ours.shoppers_for + ours.shoppers_against
    assert ours.p == (stats.binomtest(ours.shoppers_for, decided).pvalue if decided else None)
