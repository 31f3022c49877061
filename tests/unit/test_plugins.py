import pytest

from fuserank.errors import UnknownNameError
from fuserank.plugins import PluginTable

TABLE = PluginTable("loss", {"listnet": 1, "bce": 2})


def test_it_is_a_mapping():
    assert dict(TABLE) == {"listnet": 1, "bce": 2}
    assert len(TABLE) == 2
    assert "bce" in TABLE
    assert "x" not in TABLE
    assert TABLE["bce"] == 2


def test_an_unknown_name_gets_the_nearest_and_all_names():
    with pytest.raises(UnknownNameError, match=r"unknown loss 'lisnet'; allowed: bce, listnet; next: did you mean 'listnet'\?"):
        TABLE["lisnet"]


def test_a_name_near_nothing():
    with pytest.raises(UnknownNameError, match="choose one of the allowed names"):
        TABLE["zzzzzz"]


def test_entries_cannot_be_added_afterwards():
    entries = {"a": 1}
    table = PluginTable("x", entries)
    entries["b"] = 2
    assert list(table) == ["a"]
