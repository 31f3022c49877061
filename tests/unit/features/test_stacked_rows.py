"""Stacked rows read as the one array that they stand for; ids as the one list."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fuserank.features.stacked_rows import StackedIds, StackedRows, joined, parts_of, stacked

parts = st.integers(0, 3).flatmap(
    lambda width: st.lists(
        arrays.arrays(np.float16, st.tuples(st.integers(0, 5), st.just(width)), elements=st.integers(-9, 9)), min_size=1, max_size=4
    )
)


@given(parts, st.data())
def test_every_way_of_reading_gives_what_one_array_gives(pieces, data):
    whole, rows = np.concatenate(pieces), StackedRows(pieces)
    assert (len(rows), rows.shape, rows.dtype, rows.size, rows.nbytes) == (
        len(whole), whole.shape, whole.dtype, whole.size, whole.nbytes,
    )  # fmt: skip
    assert np.array_equal(np.asarray(rows), whole)
    assert np.asarray(rows, np.float32).dtype == np.float32
    chosen = data.draw(st.lists(st.integers(-len(whole), len(whole) - 1), max_size=6)) if len(whole) else []
    cut = data.draw(st.slices(len(whole)))
    mask = data.draw(arrays.arrays(bool, len(whole)))
    for index in (np.array(chosen, np.int64), chosen, cut, mask, slice(None), *chosen):
        found = rows[index]
        assert np.array_equal(np.asarray(found), whole[index]) and found.dtype == whole.dtype
    if whole.shape[1]:
        for index in ((np.array(chosen, np.int64), 0), (cut, slice(0, 1)), (slice(None), -1), *((row, 0) for row in chosen)):
            assert np.array_equal(np.asarray(rows[index]), whole[index])


def test_a_column_of_all_rows_is_no_copy():
    pieces = [np.zeros((2, 3)), np.zeros((1, 3))]
    column = StackedRows(pieces)[:, 1]
    assert [part.base is piece for part, piece in zip(column.parts, pieces, strict=True)] == [True, True]


def test_parts_stay_mapped_files(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(3, 2))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    rows = StackedRows([mapped, np.ones((1, 2))])
    assert rows.parts[0] is mapped
    assert rows[[0, 3]].tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize("index", [3, -4, [0, 3], np.array([-4]), np.array([True])])
def test_a_row_that_is_not_there_is_an_error(index):
    with pytest.raises(IndexError):
        StackedRows([np.zeros((2, 1)), np.zeros((1, 1))])[index]


def test_stacking_is_flat_and_leaves_empty_parts_out():
    one, two = np.zeros((2, 1)), np.ones((1, 1))
    rows = stacked([stacked([one, two]), np.zeros((0, 1)), two])
    assert [id(part) for part in parts_of(rows)] == [id(one), id(two), id(two)]
    assert parts_of(one) == (one,)
    assert len(stacked([np.zeros((0, 4))])) == 0 and stacked([np.zeros((0, 4))]).shape == (0, 4)


@given(st.lists(st.lists(st.text(max_size=2), max_size=4), max_size=4), st.data())
def test_ids_read_as_one_list(pieces, data):
    whole, ids = [name for piece in pieces for name in piece], StackedIds(pieces)
    assert list(ids) == whole and len(ids) == len(whole)
    assert all(ids[row] == whole[row] for row in range(-len(whole), len(whole)))
    cut = data.draw(st.slices(len(whole)))
    assert ids[cut] == whole[cut]
    for row in (len(whole), -len(whole) - 1):
        with pytest.raises(IndexError):
            ids[row]


def test_names_that_share_an_array_share_the_joined_one():
    one, two = np.zeros((1, 2)), np.ones((1, 2))
    found = joined([{"text": one, "history": one, "image": two}, {"text": two, "history": two, "image": two}], stacked)
    assert found["text"] is found["history"] is not found["image"]


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1])
@pytest.mark.parametrize("count", [0, 3])
def test_a_step_beyond_all_numbers_takes_at_most_one_row(step, count):
    pieces = [np.arange(float(count))[:, None], np.ones((0, 1))]
    assert np.array_equal(StackedRows(pieces)[::step], np.concatenate(pieces)[::step])
