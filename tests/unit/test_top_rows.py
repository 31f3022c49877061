import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.modalities.top_rows import top_rows

scores = st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]), max_size=30)


@given(scores, st.integers(1, 12), st.data())
def test_it_is_the_head_of_a_full_stable_sort(values, k, data):
    values = np.array(values, np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))), bool)
    for mask in (None, allowed):
        able = np.where(allowed if mask is not None else True, values, -np.inf)
        expected = [row for row in np.argsort(-able, kind="stable").tolist() if able[row] > -np.inf][:k]
        assert top_rows(values, k, mask).tolist() == expected


@pytest.mark.parametrize("allowed", [None, np.zeros(0, bool)])
def test_no_rows_give_none(allowed):
    assert top_rows(np.zeros(0, np.float32), 3, allowed).tolist() == []
