"""Durable files and folders: a reader sees the old state or the new one, never a half.

A file is written beside its place, fsynced, renamed over it, and its folder is fsynced; a folder likewise.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISCARDED = ".discarded"


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_file(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` durably and atomically; the parent folder is made if it is missing."""
    with _beside(path, data) as name:
        os.chmod(name, 0o644)
        os.replace(name, path)


def create_file(path: Path, data: bytes | str) -> bool:
    """Write `data` to `path` like `write_file`, but only where nothing stands; only its owner may read it (mode 0600).

    Returns:
        whether it was written: of several processes at once exactly one is told True, and all then read the same bytes.
    """
    with _beside(path, data) as name:
        try:
            os.link(name, path)
        except FileExistsError:
            return False
    return True


@contextmanager
def _beside(path: Path, data: bytes | str) -> Iterator[str]:
    """Give the name of a durable file with `data` in the folder of `path`, to be moved or linked there; it is gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        yield name
    finally:
        Path(name).unlink(missing_ok=True)
    _fsync_folder(path.parent)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; when the block ends well it becomes `path`, else it is removed.

    An existing `path` is replaced (moved aside first, removed after the rename).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield work
        os.chmod(work, 0o755)  # noqa: S103 (folders are for all to read)
        for file in sorted(work.rglob("*")):
            if file.is_file():
                with file.open("rb") as opened:
                    os.fsync(opened.fileno())
            else:
                _fsync_folder(file)
        _fsync_folder(work)
        aside = work.with_name(work.name + ".old")
        if path.exists():
            os.replace(path, aside)
        os.replace(work, path)
        _fsync_folder(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def discard(path: Path) -> None:
    """Remove a file or folder. It is renamed first, so nobody finds half of it; what a crash leaves of it, `sweep` deletes."""
    aside = path.with_name(f".{path.name}{DISCARDED}")
    _delete(aside)
    os.replace(path, aside)
    _fsync_folder(path.parent)
    _delete(aside)


def sweep(folder: Path) -> None:
    """Delete what `discard` has left in a folder; nothing in one that is not there."""
    for aside in folder.glob(f".*{DISCARDED}"):
        _delete(aside)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
