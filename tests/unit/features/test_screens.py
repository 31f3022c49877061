"""Screens are never off by more than they say, and go when their array goes."""

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuserank.features import screens
from fuserank.features.screens import ByteScreen, FloatScreen, Screens
from fuserank.modalities.base import cosines


def vectors_of(seed, n, d, kind):
    rng = np.random.default_rng(seed)
    found = {
        "gauss": lambda: rng.normal(size=(n, d)),
        "sparse": lambda: np.maximum(rng.normal(size=(n, d)) - 1, 0),
        "outlier": lambda: rng.normal(size=(n, d)) * np.where(np.arange(d) == 0, 30, 1),
        "zero": lambda: np.zeros((n, d)),
    }[kind]()
    return found.astype(np.float16)


@pytest.mark.parametrize("make", [FloatScreen, ByteScreen])
@settings(max_examples=25)
@given(
    seed=st.integers(0, 99), n=st.integers(1, 9), d=st.sampled_from([1, 7, 64, 384, 1280]),
    kind=st.sampled_from(["gauss", "sparse", "outlier", "zero"]), like=st.sampled_from(["gauss", "sparse", "outlier"]),
)  # fmt: skip
def test_no_cosine_is_off_by_more_than_is_said(make, seed, n, d, kind, like):
    vectors, query = vectors_of(seed, n, d, kind), vectors_of(seed + 1, 1, d, like)[0].astype(np.float32)
    query /= np.linalg.norm(query) or 1
    found, errors = make(vectors).cosines(query)
    assert found.shape == errors.shape == (n,) and (errors > 0).all()
    exact = np.float64(vectors) @ np.float64(query) / np.maximum(np.linalg.norm(np.float64(vectors), axis=1), 1e-30)
    assert (np.abs(found - exact) <= errors).all()
    assert (np.abs(found - cosines(query, vectors)) <= errors).all(), "the pair score of the modality rounds too"


def test_bytes_are_a_close_look():
    vectors, query = vectors_of(0, 500, 384, "gauss"), vectors_of(1, 1, 384, "gauss")[0].astype(np.float32)
    query /= np.linalg.norm(query)
    screen = ByteScreen(vectors)
    found, errors = screen.cosines(query)
    assert np.abs(found - cosines(query, vectors)).max() < 0.002 and errors.max() < 0.02
    assert screen.nbytes == 500 * (384 + 8)


def test_rows_of_several_chunks_come_in_order(monkeypatch):
    vectors, query = vectors_of(0, 50, 16, "gauss"), np.eye(16, dtype=np.float32)[3]
    whole = ByteScreen(vectors).cosines(query)
    monkeypatch.setattr(screens, "CHUNK", 7)
    assert all(np.array_equal(a, b) for a, b in zip(ByteScreen(vectors).cosines(query), whole, strict=True))


def test_a_screen_is_made_once_for_each_part_and_goes_with_its_array(monkeypatch):
    monkeypatch.setattr(screens, "FEW", 3)
    kept, array = Screens(), np.ones((4, 5), np.float16)
    first = kept.of(array, slice(None))
    assert kept.of(array, slice(None)) is first and isinstance(first, ByteScreen)
    assert kept.of(array, slice(2)) is not first
    assert isinstance(kept.of(np.ones((3, 5), np.float16), slice(None)), FloatScreen)
    del array
    gc.collect()
    assert not kept._kept
