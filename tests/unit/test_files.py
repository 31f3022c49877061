import hashlib
import os
import shutil
import stat

import pytest

from fuserank import files
from fuserank.files import create_file, discard, new_folder, sha256_file, sweep, write_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_write_file_makes_and_replaces(tmp_path):
    path = tmp_path / "deep" / "file"
    write_file(path, "ä")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["file"]


def test_write_file_that_fails_leaves_the_old_bytes_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_file(path, "old")

    def broken(*_):
        raise OSError("disk")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_create_file_writes_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "file"
    assert create_file(path, b"first") and not create_file(path, "second")
    assert path.read_bytes() == b"first" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == ["file"]


def test_new_folder_appears_whole(tmp_path):
    with new_folder(tmp_path / "made") as work:
        (work / "inner").mkdir()
        (work / "inner" / "file").write_text("x")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "inner" / "file").read_text() == "x"
    assert names(tmp_path) == ["made"]


def test_new_folder_replaces_all_of_the_old_one(tmp_path):
    for name in ("old", "new"):
        with new_folder(tmp_path / "f") as work:
            (work / name).touch()
    assert names(tmp_path / "f") == ["new"]
    assert names(tmp_path) == ["f"]


def test_new_folder_that_fails_leaves_the_old_one_and_nothing_else(tmp_path):
    with new_folder(tmp_path / "f") as work:
        (work / "old").touch()
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "f") as work:
        (work / "new").touch()
        raise KeyboardInterrupt
    assert names(tmp_path / "f") == ["old"]
    assert names(tmp_path) == ["f"]


def test_sha256_file(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_file(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_discard_removes_a_file_a_folder_or_a_link_alone(tmp_path, kind):
    (tmp_path / "stays").mkdir()
    (tmp_path / "stays" / "x").write_text("x")
    gone = tmp_path / "gone"
    if kind == "file":
        gone.write_text("x")
    elif kind == "folder":
        shutil.copytree(tmp_path / "stays", gone)
    else:
        gone.symlink_to(tmp_path / "stays")
    discard(gone)
    assert names(tmp_path) == ["stays"]
    assert names(tmp_path / "stays") == ["x"]


def test_what_a_discard_left_is_swept_and_nothing_else(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x")
    with monkeypatch.context() as broken:
        broken.setattr(files.shutil, "rmtree", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            discard(tmp_path / "one")
    assert names(tmp_path) == [".one.discarded", "two"]
    (tmp_path / "one").mkdir()
    discard(tmp_path / "one")  # a name that is discarded again
    sweep(tmp_path)
    sweep(tmp_path / "nowhere")
    assert names(tmp_path) == ["two"]
