"""Estimators on bandits whose truth is known: unbiased over many draws, doubly robust, and intervals that cover.

Bounds are four standard errors of the mean over the draws, which are drawn with fixed seeds.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.counterfactual import ESTIMATORS, Evidence, difference, estimated
from fuserank.errors import TooFewError, UnknownNameError

ACTS = 4
LOGGED = np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.2, 0.1]])  # by context
OURS = np.array([[0.1, 0.6, 0.2, 0.1], [0.0, 0.0, 0.5, 0.5], [0.1, 0.1, 0.1, 0.7]])
PAYS = np.array([[0.1, 0.5, 0.3, 0.2], [0.2, 0.4, 0.6, 0.8], [0.5, 0.1, 0.3, 0.4]])  # chance of a reward of 1
TRUTH = float((OURS * PAYS).sum(axis=1).mean())
ROUNDS, DRAWS = 300, 400


def drawn(seed, *, model=None, wrong_propensity=1.0, clip=np.inf, each=1):
    """ROUNDS decisions, `each` of a shopper; `model` (3, ACTS) says what acts pay."""
    rng = np.random.default_rng(seed)
    context = rng.integers(3, size=ROUNDS)
    act = (rng.random(ROUNDS)[:, None] > LOGGED[context].cumsum(axis=1)).sum(axis=1).clip(max=ACTS - 1)
    rewards = (rng.random(ROUNDS) < PAYS[context, act]).astype(float)
    given = {} if model is None else {"predicted": model[context, act], "model": (OURS * model).sum(axis=1)[context]}
    logged = LOGGED[context, act] * wrong_propensity
    return Evidence.of_bandit(OURS[context, act], logged, rewards, shopper=np.arange(ROUNDS) // each, clip=clip, **given)


def mean_and_error(name, **how):
    values = np.array([estimated(drawn(seed, **how), name).value for seed in range(DRAWS)])
    return values.mean(), values.std(ddof=1) / DRAWS**0.5


@pytest.mark.parametrize("name", ["ips", "dr"])
@pytest.mark.parametrize("model", [None, PAYS, np.full_like(PAYS, 0.9)], ids=["no model", "the truth", "a wrong model"])
def test_ips_and_dr_are_unbiased_whatever_the_model_says(name, model):
    mean, error = mean_and_error(name, model=model)
    assert abs(mean - TRUTH) < 4 * error


def test_dr_is_right_with_wrong_propensities_when_the_model_is_right_and_ips_is_not():
    mean, error = mean_and_error("dr", model=PAYS, wrong_propensity=2.0)
    assert abs(mean - TRUTH) < 4 * error
    mean, error = mean_and_error("ips", wrong_propensity=2.0)
    assert mean == pytest.approx(TRUTH / 2, abs=4 * error)


def test_snips_needs_no_scale_and_its_bias_goes_with_the_number_of_rounds():
    mean, error = mean_and_error("snips", wrong_propensity=2.0)
    assert abs(mean - TRUTH) < 4 * error + 1 / ROUNDS, "the bias of a ratio is of the order of 1 / rounds"


def test_snips_and_dr_vary_less_than_ips():
    spread = {name: mean_and_error(name, model=PAYS)[1] for name in ESTIMATORS}
    assert spread["snips"] < spread["ips"] and spread["dr"] < spread["ips"]


def test_without_a_model_dr_is_ips():
    ips, dr = (estimated(drawn(3), name) for name in ("ips", "dr"))
    assert (ips.value, ips.low, ips.high) == (dr.value, dr.low, dr.high)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("each", [1, 3])
def test_the_interval_covers_the_truth_95_times_in_a_hundred(name, each):
    """Of 400 intervals 380 should; the standard error is 4.4, the normal approximation costs a little."""
    found = [estimated(drawn(seed, model=PAYS, each=each), name) for seed in range(DRAWS)]
    covered = sum(e.low <= TRUTH <= e.high for e in found)
    assert 362 <= covered <= 397


def test_the_interval_goes_by_shopper_not_by_decision():
    once = drawn(5)
    parts = ("shopper", "weighted", "weight", "model", "predicted")
    doubled = Evidence(*(np.tile(getattr(once, p), 2) for p in parts[:3]), 1.0, *(np.tile(getattr(once, p), 2) for p in parts[3:]))
    for name in ESTIMATORS:
        a, b = estimated(once, name), estimated(doubled, name)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high)), "the same shoppers twice say nothing new"


def test_the_effective_number_by_hand_and_clipping():
    rewards, ours, logged = np.ones(3), np.array([0.5, 0.5, 0.9]), np.array([0.5, 0.25, 0.01])
    assert Evidence.of_bandit(ours, logged, rewards).effective == pytest.approx(93**2 / (1 + 4 + 90**2))
    clipped = Evidence.of_bandit(ours, logged, rewards, clip=3)
    assert clipped.weight.tolist() == [1, 2, 3] and clipped.effective == pytest.approx(36 / 14)
    assert estimated(clipped, "ips").value == 2 and estimated(clipped, "snips").value == 1


def test_a_difference_is_that_of_the_values_and_narrower_than_both():
    ours, shown = drawn(7, model=PAYS), drawn(7, model=PAYS, clip=1.5)
    both = difference(ours, shown, "ips")
    assert both.value == pytest.approx(estimated(ours, "ips").value - estimated(shown, "ips").value)
    assert difference(ours, ours, "dr").value == 0 and difference(ours, ours, "dr").low is None, "no spread, no interval"


def test_what_says_nothing_is_refused():
    nothing = Evidence.of_bandit(np.zeros(2), np.ones(2), np.ones(2))
    assert nothing.effective == 0
    with pytest.raises(TooFewError, match="none is one that the policy could make"):
        estimated(nothing, "snips")
    with pytest.raises(TooFewError):
        estimated(Evidence.of_bandit(np.zeros(0), np.zeros(0), np.zeros(0)), "ips")
    with pytest.raises(ValueError, match="probability of 0"):
        Evidence.of_bandit(np.ones(1), np.zeros(1), np.ones(1))
    with pytest.raises(UnknownNameError, match="snips"):
        estimated(nothing, "snip")


def test_one_shopper_gives_a_value_and_no_interval():
    found = estimated(Evidence.of_bandit(np.ones(2), np.ones(2), np.array([1.0, 0.0]), shopper=np.zeros(2, int)), "ips")
    assert (found.value, found.low, found.high) == (0.5, None, None)


shares = st.floats(0.01, 1)


@given(st.lists(st.tuples(shares, shares, st.floats(0, 3)), min_size=2, max_size=30), st.floats(1, 50))
def test_estimates_are_finite_and_intervals_hold_the_value(rows, clip):
    ours, logged, rewards = (np.array(column) for column in zip(*rows, strict=True))
    for name in ESTIMATORS:
        found = estimated(Evidence.of_bandit(ours, logged, rewards, clip=clip), name)
        assert np.isfinite(found.value)
        assert found.low is None or (found.low <= found.value + 1e-9 and found.value <= found.high + 1e-9)
