"""Maximal marginal relevance by hand, and what holds for any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fuserank.merchandising import likeness, most_diverse

VECTORS = np.array([[1, 0], [1, 0], [0, 1]], np.float32)


@pytest.mark.parametrize(("diversity", "expected"), [(0.0, [0, 1, 2]), (0.2, [0, 1, 2]), (0.5, [0, 2, 1]), (1.0, [0, 2, 1])])
def test_by_hand(diversity, expected):
    """Relevance 1, .9, 0. After product 0: product 1 has (1-d)·.9 - d·1, product 2 has 0. They meet at d = .9/1.9 = .474."""
    assert most_diverse(np.array([10.0, 9.0, 0.0]), VECTORS, diversity).tolist() == expected


def test_the_switch_lies_where_the_formula_says():
    scores = np.array([10.0, 9.0, 0.0])
    assert most_diverse(scores, VECTORS, 0.47).tolist() == [0, 1, 2]
    assert most_diverse(scores, VECTORS, 0.48).tolist() == [0, 2, 1]


def test_equal_scores_and_vectors_keep_their_order():
    assert most_diverse(np.ones(4), np.ones((4, 2)), 0.5).tolist() == [0, 1, 2, 3]
    assert most_diverse(np.ones(4), np.zeros((4, 0)), 0.5).tolist() == [0, 1, 2, 3]


def test_likeness():
    assert likeness(VECTORS) == pytest.approx(1 / 3)
    assert likeness(VECTORS[:1]) == likeness(VECTORS[:0]) == 0.0
    assert likeness(np.zeros((3, 2))) == 0.0


@given(
    arrays(np.float64, 6, elements=st.floats(-1e6, 1e6)),
    arrays(np.float32, (6, 3), elements=st.floats(-10, 10, width=32)),
    st.floats(0, 1),
)
def test_an_order_of_all_with_the_best_first(scores, vectors, diversity):
    found = most_diverse(scores, vectors, diversity)
    assert sorted(found.tolist()) == list(range(6))
    assert scores[found[0]] == scores.max()
