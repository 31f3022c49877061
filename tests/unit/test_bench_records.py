"""The committed benchmark files say what a row must say, and a row's numbers follow from its measurements."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from tests.benchmarks.records import Row, compare, record

FILES = sorted(Path("docs/bench").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_are_complete(path):
    rows = json.loads(path.read_text())
    assert rows
    for row in rows:
        assert set(row) == {field.name for field in fields(Row)}
        assert row["ours"] > 0
        assert row["spread"] >= 0
        assert row["unit"] and row["machine"] and row["commit"]
        assert (row["peer"] is None) == (row["peer_name"] is None)
        assert row["ratio"] is None or row["ratio"] == pytest.approx(row["ours"] / row["peer"], rel=0.05)


def test_every_benchmark_has_its_file():
    assert {path.stem for path in FILES} == {
        "scoring",
        "losses",
        "serving",
        "extraction",
        "gpu",
        "pipeline",
        "data_versions",
        "scale",
    }


def test_medians_spread_and_ratio():
    row = record("x", [1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 6.0, 7.0], "other", "ms")
    assert (row.ours, row.peer, row.ratio, row.spread) == (3.0, 6.0, 0.5, 3.0)


def test_both_sides_are_called_in_turns():
    calls = []
    compare("x", lambda: calls.append("ours"), lambda: calls.append("peer"), "p", rounds=3)
    assert calls == ["ours", "peer"] * 4
