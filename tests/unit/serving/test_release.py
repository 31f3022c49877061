"""The release file: what it may say, and that names of packages stay names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fuserank.errors import InputError
from fuserank.serving.release import NAME, Challenger, Release, read_release, write_release

BAD_NAMES = [
    "", ".", "..", "../x", "a/b", "/etc", "a\\b", "..\\x", ".hidden", "-x", "_x", "@x", " a", "a ", "a\n", "a\0", "a b", "ä", "a:b",
    "a/../b", "%2e%2e", "~", "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("release", [
    Release(champion="a"),
    Release(champion="late@0f3a.1-b_C", challenger=Challenger(package="b", mode="shadow", share=0.1)),
    Release(champion="a", challenger=Challenger(package="a", mode="interleave", share=0.0)),
])  # fmt: skip
def test_what_is_written_is_read(tmp_path, release):
    write_release(tmp_path / "release.json", release)
    assert read_release(tmp_path / "release.json") == release
    assert [path.name for path in tmp_path.iterdir()] == ["release.json"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_a_path_or_odd_is_refused(tmp_path, name):
    with pytest.raises(ValidationError):
        Release(champion=name)
    with pytest.raises(ValidationError):
        Challenger(package=name, mode="shadow", share=0.1)
    for said in ({"champion": name}, {"champion": "a", "challenger": {"package": name, "mode": "canary", "share": 1.0}}):
        (tmp_path / "release.json").write_text(json.dumps(said))
        with pytest.raises(InputError, match="not the name of a folder"):
            read_release(tmp_path / "release.json")


@given(st.text(max_size=210))
def test_a_name_that_passes_stays_beside_the_release(name):
    if NAME.fullmatch(name):
        assert "/" not in name and "\\" not in name and not name.startswith(".") and name.isascii() and name.isprintable()


@pytest.mark.parametrize("said", [
    "", "{", "null", "[]", '"a"', "{}", '{"champion": 1}', '{"champion": null}', '{"champion": "a", "surprise": 1}',
    '{"champion": "a", "challenger": "b"}', '{"champion": "a", "challenger": {"package": "b"}}',
    '{"champion": "a", "challenger": {"package": "b", "mode": "all", "share": 0.1}}',
    '{"champion": "a", "challenger": {"package": "b", "mode": "shadow", "share": 1.01}}',
    '{"champion": "a", "challenger": {"package": "b", "mode": "shadow", "share": -0.1}}',
    '{"champion": "a", "challenger": {"package": "b", "mode": "shadow", "share": "0.1"}}',
    '{"champion": "a", "challenger": {"package": "b", "mode": "shadow", "share": NaN}}',
    '{"champion": "\\ud800"}',
])  # fmt: skip
def test_a_file_that_says_something_else_is_refused_in_words(tmp_path, said):
    (tmp_path / "release.json").write_text(said)
    with pytest.raises(InputError, match=r"release release\.json") as refused:
        read_release(tmp_path / "release.json")
    assert refused.value.allowed and refused.value.todo


@pytest.mark.parametrize("data", [b"\xff\xfe", bytes(100), b"[" * 100_000])
def test_bytes_that_are_no_json_are_refused(tmp_path, data):
    (tmp_path / "release.json").write_bytes(data)
    with pytest.raises(InputError):
        read_release(tmp_path / "release.json")


def test_no_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "release.json", tmp_path):
        with pytest.raises(InputError, match="no release"):
            read_release(path)
