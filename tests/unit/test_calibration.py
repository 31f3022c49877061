"""Maps from score to probability: monotone, calibrated where their assumption holds, chosen on queries they have not seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fuserank.calibration import FOLDS, METHODS, Calibration, fit_calibration, fit_method
from fuserank.errors import UnknownNameError
from fuserank.metrics.calibration import ece

SCORES = st.floats(-30, 30, width=32)
SLATES = st.lists(st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=12), min_size=1, max_size=8)


def drawn(queries=40, candidates=60, slope=0.7, bias=-2.0, level=0.0, seed=0):
    """Slates whose relevance is drawn from σ(slope (s - level_q) + bias); level: spread of the queries' levels."""
    rng = np.random.default_rng(seed)
    scores, relevant = [], []
    for _ in range(queries):
        clean, shift = rng.normal(0, 3, candidates), rng.normal(0, level)
        relevant.append(rng.random(candidates) < 1 / (1 + np.exp(-(slope * clean + bias))))
        scores.append((clean + shift).astype(np.float32))
    return scores, relevant


def error(calibration, slates):
    return ece(np.concatenate([calibration.probability(s) for s in slates[0]]), np.concatenate(slates[1]))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None)
@given(SLATES)
def test_the_order_never_changes(method, pairs):
    flags = [np.array([r for _, r in slate]) for slate in pairs]
    scores = [np.array([s for s, _ in slate], np.float32) for slate in pairs]
    every = np.concatenate(flags)
    if not every.any() or every.all():
        with pytest.raises(ValueError, match="both kinds"):
            fit_method(method, scores, flags)
        return
    calibration = fit_method(method, scores, flags)
    for slate in [*scores, np.linspace(-40, 40, 101)]:
        stated = calibration.probability(np.sort(slate))
        assert np.isfinite(stated).all() and (stated >= 0).all() and (stated <= 1).all()
        assert (np.diff(stated) >= -1e-12).all()


@pytest.mark.parametrize("method", ["platt", "isotonic", "slate"])
def test_new_queries_are_calibrated(method):
    slope, bias = 0.7, -2.0
    new = drawn(seed=1, slope=slope, bias=bias)
    assert error(fit_method(method, *drawn(slope=slope, bias=bias)), new) < 0.03
    plain = np.concatenate([1 / (1 + np.exp(-s)) for s in new[0]])
    assert ece(plain, np.concatenate(new[1])) > 0.1


def test_platt_is_the_logistic_regression_of_scikit_learn():
    """With many pairs the smoothed targets hardly differ from 0 and 1."""
    scores, relevant = drawn(queries=200, candidates=100)
    reference = LogisticRegression(C=np.inf).fit(np.concatenate(scores)[:, None], np.concatenate(relevant))
    values = fit_method("platt", scores, relevant).values
    assert values["slope"][0] == pytest.approx(reference.coef_[0, 0], rel=5e-3)
    assert values["bias"][0] == pytest.approx(reference.intercept_[0], rel=5e-3)


@pytest.mark.parametrize("method", ["platt", "slate", "isotonic"])
def test_the_level_of_all_scores_does_not_matter(method):
    scores, relevant = drawn()
    here, far = fit_method(method, scores, relevant), fit_method(method, [s + 100 for s in scores], relevant)
    assert far.probability(scores[0] + 100) == pytest.approx(here.probability(scores[0]), abs=2e-3)


def test_a_slate_says_more_only_where_levels_differ():
    calm, wild = fit_calibration(*drawn()), fit_calibration(*drawn(level=6.0))
    assert wild.log_loss["slate"] < min(wild.log_loss["platt"], wild.log_loss["isotonic"]) - 0.05
    assert abs(calm.log_loss["slate"] - calm.log_loss["platt"]) < 0.01
    assert wild.method != "slate", "the probability of a pair must not depend on its rivals"


def test_the_best_on_held_out_queries_is_chosen():
    assert fit_calibration(*drawn()).method == "platt"
    assert fit_calibration(*drawn(bias=0.0, slope=0.5)).method in ("platt", "temperature")
    rng = np.random.default_rng(0)
    scores = [rng.uniform(-3, 3, 200) for _ in range(30)]
    steps = [rng.random(200) < np.select([s < -1, s < 1], [0.05, 0.5], 0.6) for s in scores]
    chosen = fit_calibration(scores, steps)
    assert chosen.method == "isotonic"
    assert chosen.log_loss.keys() == set(METHODS)
    assert chosen.log_loss["isotonic"] == min(chosen.log_loss[name] for name in METHODS if METHODS[name].of_the_pair)


def test_scores_that_mean_nothing_give_the_share_of_relevant_pairs():
    rng = np.random.default_rng(0)
    scores, relevant = [rng.normal(0, 5, 80) for _ in range(20)], [rng.random(80) < 0.1 for _ in range(20)]
    stated = fit_calibration(scores, relevant).probability(np.array([-5.0, 0.0, 5.0]))
    assert stated == pytest.approx(0.1, abs=0.03)


def test_scores_the_wrong_way_round_are_not_turned():
    scores, relevant = drawn(slope=-0.7, bias=0.0)
    assert (np.diff(fit_method("platt", scores, relevant).probability(np.linspace(-5, 5, 20))) >= 0).all()


def test_few_pairs_prove_no_certainty():
    stated = fit_method("isotonic", [np.array([0.0, 1.0])], [np.array([False, True])]).probability(np.array([-9.0, 9.0]))
    assert stated.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_too_few_queries_teach_nothing():
    scores, relevant = drawn(queries=FOLDS - 1)
    assert fit_calibration(scores, relevant) is None
    assert fit_calibration([], []) is None
    scores, relevant = drawn(queries=FOLDS + 3)
    assert fit_calibration(scores, [np.zeros_like(r) for r in relevant]) is None
    assert fit_calibration(scores, [np.ones_like(r) for r in relevant]) is None
    assert fit_calibration(scores, relevant) is not None


@pytest.mark.parametrize("method", METHODS)
def test_it_comes_back_from_json_with_the_same_probabilities(method):
    scores, relevant = drawn()
    calibration = fit_method(method, scores, relevant)
    again = Calibration.model_validate_json(calibration.model_dump_json())
    assert again == calibration
    assert (again.probability(scores[0]) == calibration.probability(scores[0])).all()


def test_an_unknown_method_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'platt'"):
        fit_method("plat", *drawn(queries=5))
