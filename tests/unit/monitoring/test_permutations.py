"""Random dealings: units stay whole, sides keep their sizes, and no drift is called drift as often as the level says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.monitoring.permutations import Dealt, dealings


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 2**31))
def test_every_dealing_has_as_many_units_on_a_side_and_keeps_them_whole(before, now, seed):
    rng = np.random.default_rng(seed)
    current = np.repeat([False, True], [before, now])
    units = np.repeat(np.arange(before + now), rng.integers(1, 4, before + now))
    rows = np.repeat(current, np.bincount(units))
    dealt = dealings(rows, units, count=20, rng=rng)
    assert dealt.shape == (21, len(units)) and (dealt[0] == rows).all() and set(np.unique(dealt)) <= {0.0, 1.0}
    first = np.unique(units, return_index=True)[1]
    assert (dealt[:, first].sum(axis=1) == now).all()
    assert (dealt == dealt[:, first][:, units]).all()


def test_rows_of_a_unit_may_stand_apart():
    units = np.array([5, 1, 5, 1, 9, 9])
    dealt = dealings(np.array([False, True, False, True, True, True]), units, count=50, rng=np.random.default_rng(0))
    assert all((dealt[:, units == unit] == dealt[:, units == unit][:, :1]).all() for unit in (1, 5, 9))
    assert len({tuple(row) for row in dealt.tolist()}) == 3  # of three units two are current


def test_every_choice_of_rows_is_as_likely():
    dealt = dealings(np.array([True, True, False, False]), np.arange(4), count=60_000, rng=np.random.default_rng(0))[1:]
    _, counts = np.unique(dealt, axis=0, return_counts=True)
    assert len(counts) == 6 and counts / 60_000 == pytest.approx(np.full(6, 1 / 6), abs=0.008)


def test_a_threshold_is_the_value_that_a_level_of_the_dealings_reach_and_never_below_the_floor():
    dealt = Dealt(np.array([7.0, *range(99)]), floor=0.0)  # 0..98, and itself
    assert dealt.statistic == 7 and dealt.p == (92 + 1) / 100
    assert dealt.threshold(0.05) == 94.0  # 94..98: five in a hundred
    assert Dealt(dealt.values, floor=200.0).threshold(0.05) == 200.0
    assert dealt.threshold(0.009) == float("inf")  # a hundred cannot show one in a thousand


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=40, max_size=200), st.floats(0.03, 0.5))
def test_above_the_threshold_means_p_at_most_the_level(values, level):
    dealt = Dealt(np.array(values, float), floor=0.0)
    assert dealt.statistic <= dealt.threshold(level) or dealt.p <= level + 1e-12


def test_without_drift_the_level_is_kept():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(1500):
        values = rng.lognormal(size=20)
        dealt = dealings(np.arange(20) >= 10, np.arange(20), count=99, rng=rng)
        apart = Dealt(np.abs(dealt @ values / 10 - (1 - dealt) @ values / 10), floor=0.0)
        alarms += apart.statistic > apart.threshold(0.1)
    assert alarms / 1500 == pytest.approx(0.1, abs=0.02)
