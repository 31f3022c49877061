"""Cells: what was measured is not measured again, and a changed input is another file."""

import pytest

from fuserank.pipeline.studies.cells import Cells


def never():
    raise AssertionError("measured again")


def test_a_cell_is_measured_once_and_read_by_the_next_run(tmp_path):
    path = tmp_path / "deep" / "cells.json"
    assert Cells(path)("a", lambda: (1.5, "x")) == [1.5, "x"]  # as JSON gives it, now and later
    again = Cells(path)
    assert again("a", never) == [1.5, "x"]
    with pytest.raises(AssertionError, match="measured again"):
        again("b", never)


def test_a_cell_that_fails_leaves_the_others(tmp_path):
    cells = Cells(tmp_path / "cells.json")
    cells("a", lambda: 1)
    with pytest.raises(AssertionError):
        cells("b", never)
    assert Cells(tmp_path / "cells.json")("a", never) == 1


def test_cells_depend_on_study_shop_settings_and_parts(bench):
    paths = [
        bench.cells("missing").path,
        bench.cells("noise").path,
        bench.cells("missing", versions=["v"]).path,
        bench.cells("missing", "data/corruption.py").path,
        bench.with_training(epochs=3).cells("missing").path,
        bench.with_training(rankers=("sum+sequence",)).cells("missing").path,
    ]
    assert len(set(paths)) == len(paths)
    assert bench.with_training(seeds=(4, 5)).cells("missing").path == paths[0]  # seeds name cells, not files
