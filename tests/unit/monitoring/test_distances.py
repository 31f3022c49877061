"""Distances for many dealings at once are those of Evidently, of scipy, and of a classifier on new rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance
from scipy.stats import wasserstein_distance
from sklearn.metrics import roc_auc_score

from fuserank.monitoring.comparing import main_directions
from fuserank.monitoring.distances import jensenshannon, separation, share_change, wasserstein
from fuserank.monitoring.evidently_report import column_distances
from fuserank.monitoring.permutations import dealings

LABELS = st.lists(st.booleans(), min_size=4, max_size=40).filter(lambda labels: 0 < sum(labels) < len(labels))


@settings(max_examples=60, deadline=None)
@given(LABELS, st.integers(0, 2**31))
def test_wasserstein_is_that_of_scipy(labels, seed):
    now = np.array(labels)
    values = np.random.default_rng(seed).integers(-5, 6, len(now)).astype(float)
    dealt = np.stack([now, ~now]).astype(np.float32)
    expected = wasserstein_distance(values[~now], values[now])
    assert wasserstein(values, dealt) == pytest.approx([expected, expected], abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(LABELS, st.integers(0, 2**31))
def test_jensenshannon_is_that_of_scipy(labels, seed):
    now = np.array(labels)
    codes = np.random.default_rng(seed).integers(0, 4, len(now))
    shares = [np.bincount(codes[side], minlength=4) / side.sum() for side in (~now, now)]
    expected = distance.jensenshannon(*shares)
    assert jensenshannon(codes, np.stack([now]).astype(np.float32))[0] == pytest.approx(np.nan_to_num(expected), abs=1e-6)


def test_both_are_those_that_evidently_reports():
    rng = np.random.default_rng(0)
    before, now = (
        pd.DataFrame({"n": rng.normal(m, 2, 90), "c": rng.choice(list(letters), 90)}) for m, letters in ((0, "abc"), (1, "abd"))
    )
    expected = column_distances(before, now, {"n": "number", "c": "category"})
    dealt = np.repeat([0.0, 1.0], 90)[None].astype(np.float32)
    both = pd.concat([before, now])
    assert wasserstein(both["n"].to_numpy() / before["n"].std(ddof=0), dealt)[0] == pytest.approx(expected["n"], abs=1e-5)
    assert jensenshannon(pd.factorize(both["c"])[0], dealt)[0] == pytest.approx(expected["c"], abs=1e-6)


def test_shares_are_weighted():
    dealt = np.array([[0, 0, 1, 1]], np.float32)
    shares, weights = np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 1.0, 3.0, 1.0])
    assert share_change(shares, weights, dealt)[0] == pytest.approx(0.75 - 0.5)
    assert share_change(shares, np.array([1.0, 1.0, 0.0, 0.0]), dealt)[0] == 0  # nothing on the current side counts


@pytest.mark.parametrize(("shift", "seed"), [(0.4, 0), (0.8, 1), (1.5, 2)])
def test_separation_is_the_auc_of_a_linear_classifier_on_new_rows_or_less_where_it_is_weak(shift, seed):
    rng, n, d = np.random.default_rng(seed), 1500, 16
    before, now = rng.normal(size=(n, d)), rng.normal(size=(n, d)) + shift * np.eye(d)[0]
    directions = main_directions(np.concatenate([before, now]), 16)  # one of the counts that are tried
    dealt = dealings(np.arange(2 * n) >= n, np.arange(2 * n), count=99, rng=rng)
    new = rng.normal(size=(4000, d)) + shift * np.eye(d)[0] * (np.arange(4000) >= 2000)[:, None]
    truth = roc_auc_score(np.arange(4000) >= 2000, new[:, 0])  # the best that can be done
    # Of a weak shift the directions that stand out most may be but a part of those that it lies along: it never reads higher.
    assert truth - (0.06 if shift < 0.5 else 0.03) < separation(directions, dealt)[0] < truth + 0.03


def test_sides_that_have_nothing_in_common_are_told_apart_always():
    directions = main_directions(np.repeat(np.eye(2), 40, axis=0), 2)
    dealt = dealings(np.arange(80) >= 40, np.arange(80), count=99, rng=np.random.default_rng(0))
    values = separation(directions, dealt)
    assert values[0] > 0.999 and values[1:].max() < 0.99


def test_directions_are_uncorrelated_and_those_that_do_not_vary_are_left_out():
    vectors = np.random.default_rng(0).normal(size=(50, 3)) @ np.array([[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 9, 0.0]])
    found = main_directions(vectors, 4)
    assert found.shape == (50, 3)
    assert np.cov(found.T, ddof=0) == pytest.approx(np.eye(3), abs=1e-4) and np.abs(found.mean(axis=0)).max() < 1e-5
    assert main_directions(np.ones((9, 4)), 2).tolist() == [[0.0]] * 9
