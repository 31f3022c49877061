import itertools
import math

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.metrics.binary import best_threshold, binary_measures
from fuserank.metrics.ndcg import ndcg
from fuserank.metrics.ranking import PRIMARY, measure
from fuserank.metrics.significance import holm, paired_p

slate = st.lists(
    st.tuples(st.floats(-100, 100, width=32), st.integers(0, 3)), min_size=1, max_size=15, unique_by=lambda pair: pair[0]
)


@settings(max_examples=60, deadline=None)
@given(slate)
def test_ndcg_is_that_of_ir_measures(pairs):
    scores, grades = np.array([s for s, _ in pairs], np.float32), np.array([g for _, g in pairs], np.float32)
    value = ndcg(scores, grades)
    if not grades.any():
        assert math.isnan(value)
        return
    qrels = {"q": {str(i): int(g) for i, g in enumerate(grades)}}
    run = {"q": {str(i): float(s) for i, s in enumerate(scores)}}
    reference = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10]
    assert value == pytest.approx(reference, abs=1e-6)
    assert 0 <= value <= 1 + 1e-9


def test_ties_keep_the_order_of_the_slate():
    assert ndcg(np.zeros(3), np.array([1.0, 0, 0])) == 1.0
    assert ndcg(np.zeros(3), np.array([0, 1.0, 0])) == pytest.approx(1 / math.log2(3))


def test_measure_against_hand_computed_values():
    values = measure({"q": (["b", "a", "c"], np.array([3.0, 2, 1]))}, {"q": {"a": 3, "b": 1, "c": 0, "d": 2}}, 2)
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    assert values[PRIMARY]["q"] == pytest.approx((1 + 3 / math.log2(3)) / ideal)
    assert values["MRR@10"]["q"] == 0.5
    assert values["MAP"]["q"] == pytest.approx(0.5 / 2)
    assert values["Recall@10"]["q"] == 0.5


def test_measure_keeps_the_order_of_ties_and_counts_a_missing_ranking_as_zero():
    qrels = {"q": {"a": 1}, "left out": {"a": 1}}
    for order, expected in ((["z", "a"], 0.5), (["a", "z"], 1.0)):
        values = measure({"q": (order, np.zeros(2)), "unjudged": (["a"], np.zeros(1))}, qrels, 1)
        assert values["MRR@10"] == {"q": expected, "left out": 0.0}


def test_measure_without_any_ranking():
    assert measure({}, {"q": {"a": 1}}, 1)[PRIMARY] == {"q": 0.0}


def test_binary_measures_by_hand():
    scores, relevant = np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])
    assert binary_measures(scores, relevant, 0.5) == {"accuracy": 0.5, "precision": 0.5, "recall": 0.5, "F1": 0.5, "ROC-AUC": 0.75}
    assert best_threshold(scores, relevant) == 0.3
    nothing = binary_measures(scores, np.ones(4, bool), 2.0)
    assert nothing == {"accuracy": 0, "precision": 0, "recall": 0, "F1": 0}


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_paired_p_is_the_share_of_all_sign_flips(alternative):
    ours, theirs = np.array([0.9, 0.5, 0.7, 0.2, 0.8]), np.array([0.4, 0.6, 0.1, 0.1, 0.35])
    difference = ours - theirs
    means = [np.mean(difference * signs) for signs in itertools.product([1, -1], repeat=5)]
    reached = np.mean(np.array(means) >= difference.mean() - 1e-12)
    expected = reached if alternative == "greater" else min(1.0, 2 * reached)
    assert paired_p(ours, theirs, alternative=alternative) == pytest.approx(expected)


def test_paired_p_of_equal_rankers_is_one():
    assert paired_p(np.ones(4), np.ones(4)) == 1.0


def test_holm_by_hand():
    # Sorted .01 .02 .03 times 3, 2, 1 gives .03 .04 .03; a value never falls below the one before it.
    assert holm([0.02, 0.01, 0.03]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
