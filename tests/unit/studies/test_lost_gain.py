"""Parts of a query's loss sum to it, and the missed products are those that an ideal order would show."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.metrics.ndcg import ndcg
from fuserank.pipeline.studies.lost_gain import lost_gain, missed, ranking


@st.composite
def slates(draw):
    """Scores with ties, and grades of which one is above 0."""
    size = draw(st.integers(1, 30))
    grades = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(any))
    return np.array(draw(st.lists(st.integers(0, 8), min_size=size, max_size=size)), float), np.array(grades, np.float32)


@settings(max_examples=60)
@given(slates(), st.integers(1, 12))
def test_parts_are_no_gain_and_sum_to_the_loss(slate, k):
    scores, grades = slate
    parts = lost_gain(scores, grades, k)
    assert min(parts.order, parts.near, parts.far, parts.irrelevant) >= -1e-9
    assert parts.whole == pytest.approx(1 - ndcg(scores, grades, k), abs=1e-6)


@settings(max_examples=60)
@given(slates(), st.integers(1, 12))
def test_the_missed_fill_what_an_ideal_order_lacks(slate, k):
    scores, grades = slate
    candidates, weights = missed(scores, grades, k)
    order = ranking(scores)
    shown, ideal = Counter(grades[order[:k]].tolist()), Counter(np.sort(grades)[::-1][:k].tolist())
    assert not set(candidates.tolist()) & set(order[:k].tolist())
    assert np.array_equal(scores[candidates], np.sort(scores[candidates])[::-1])
    for grade, places in (ideal - shown).items():
        assert weights[grades[candidates] == grade].sum() == pytest.approx(places)
    assert weights.sum() == pytest.approx((ideal - shown).total())
    assert (len(candidates) > 0) == (lost_gain(scores, grades, k).choice > 1e-9)


def test_each_kind_of_mistake():
    discount = 1 / np.log2(np.arange(2, 6))
    ideal = 3 * discount.sum()
    scores, rest = np.arange(8, 0, -1.0), [3, 3, 3]
    order = lost_gain(scores, np.array([0, 3, 3, 3, 0, 0, 0, 3.0]), k=4)
    assert order.order == pytest.approx(3 * (discount[3] - discount[0]) * -1 / ideal)  # the 0 belongs last
    assert order.irrelevant == pytest.approx(3 * discount[3] / ideal)
    for grade, kind in ((2, "near"), (1, "far"), (0, "irrelevant")):
        parts = lost_gain(scores, np.array([*rest, grade, 3, 0, 0, 0.0]), k=4)
        assert getattr(parts, kind) == pytest.approx((3 - grade) * discount[3] / ideal)
        assert parts.whole == pytest.approx(getattr(parts, kind))
        assert missed(scores, np.array([*rest, grade, 3, 0, 0, 0.0]), k=4)[0].tolist() == [4]


def test_a_grade_of_one_that_is_lacking_is_no_near_miss_of_nothing():
    """What has grade 0 is irrelevant, also where the ideal is only 1."""
    parts = lost_gain(np.array([2.0, 1.0]), np.array([0.0, 1.0]), k=1)
    assert (parts.near, parts.irrelevant) == (0.0, 1.0)
