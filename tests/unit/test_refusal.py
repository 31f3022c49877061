"""When no answer is better than the best one."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fuserank.metrics.refusal import measured, threshold_of


def test_a_threshold_that_parts_the_two():
    probability = np.array([0.9, 0.8, 0.7, 0.3, 0.2])
    assert threshold_of(probability, np.array([True, True, True, False, False])) == pytest.approx(0.5)


def test_it_does_not_depend_on_how_many_have_no_answer():
    probability, answerable = np.array([0.9, 0.6, 0.4, 0.5, 0.1]), np.array([True, True, True, False, False])
    more = np.concatenate([probability, np.repeat(probability[3:], 20)])
    assert threshold_of(probability, answerable) == threshold_of(more, np.concatenate([answerable, np.zeros(40, bool)]))


def test_one_kind_alone_gives_none():
    for flag in (True, False):
        with pytest.raises(ValueError, match="needs both kinds"):
            threshold_of(np.array([0.1, 0.2]), np.array([flag, flag]))


@example(np.array([np.nextafter(0, 1), 0.0, *[0.0] * 10]), [False] * 10)
@given(arrays(float, 12, elements=st.floats(0, 1)), st.lists(st.booleans(), min_size=10, max_size=10))
def test_no_other_threshold_is_better(probability, flags):
    answerable = np.array([True, False, *flags])

    def mean_share(bar):
        return ((probability[answerable] >= bar).mean() + (probability[~answerable] < bar).mean()) / 2

    best = mean_share(threshold_of(probability, answerable))
    assert all(best >= mean_share(bar) - 1e-12 for bar in np.concatenate([probability, [0.0, 2.0]]))


def test_measures_by_hand():
    probability = np.array([0.9, 0.8, 0.4, 0.7, 0.2, 0.1])
    right = np.array([True, False, True, False, False, False])
    answerable = np.array([True, True, True, False, False, False])
    values = measured(probability, right, answerable, 0.5)
    assert values["refusal precision"] == pytest.approx(2 / 3)  # refused: .4, .2, .1
    assert values["refusal recall"] == pytest.approx(2 / 3)  # .7 got an answer
    assert values["answered"] == pytest.approx(2 / 3)
    assert values["right of answered"] == pytest.approx(1 / 3)
    assert values["Brier"] == pytest.approx(((probability - right) ** 2).mean())


def test_shares_of_nothing_are_whole():
    values = measured(np.array([0.9]), np.array([True]), np.array([True]), 0.0)
    assert (values["refusal precision"], values["refusal recall"]) == (1.0, 1.0)
