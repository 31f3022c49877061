import numpy as np

from fuserank.encoders.base import widened


def test_every_finite_half_is_widened_as_numpy_does_it():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    assert len(finite) == 2**16 - 2**11
    wide = widened(finite)
    assert wide.dtype == np.float32
    assert np.array_equal(wide.view(np.int32), finite.astype(np.float32).view(np.int32)), "bit by bit, -0 too"


def test_parts_of_rows_and_other_types_pass():
    halves = np.arange(12, dtype=np.float16).reshape(3, 4)
    assert widened(halves[::2, 1:3]).tolist() == [[1, 2], [9, 10]] and halves[0, 1] == 1
    wide = np.ones(3, np.float32)
    assert np.shares_memory(widened(wide), wide)
    assert widened(np.ones(2)).dtype == np.float32
