"""Cosines of stored vectors against the formula in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.modalities.base import cosines, widened


def case(seed, count=20, dim=37):
    rng = np.random.default_rng(seed)
    products = rng.standard_normal((count, dim)) * rng.choice([1e-2, 1, 30], (count, 1))
    products[rng.random(count) < 0.2] = 0
    return rng.standard_normal(dim).astype(np.float32), products.astype(np.float16)


@given(st.integers(0, 999))
def test_cosines_are_the_formula(seed):
    query, products = case(seed)
    exact = products.astype(np.float64)
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(query.astype(np.float64))
    expected = np.divide(exact @ query, norms, out=np.zeros(len(exact)), where=norms > 0)
    found = cosines(query, products)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)
    assert cosines(query, products.astype(np.float32)) == pytest.approx(expected, abs=1e-6)


def test_cosines_of_nothing():
    query, products = case(0)
    assert not cosines(0 * query, products).any()
    assert cosines(query, products[:0]).shape == (0,)


def test_a_vector_with_itself_is_never_above_1():
    query, _ = case(1)
    assert cosines(query, np.tile(query, (50, 1))).max() <= 1


def test_widening_changes_no_number_and_reads_what_may_not_be_written():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    every.flags.writeable = False
    np.testing.assert_array_equal(widened(every), every.astype(np.float32))
    np.testing.assert_array_equal(widened(every.reshape(256, 256)[:, 3:90]), every.reshape(256, 256)[:, 3:90].astype(np.float32))
