"""Sealed folders: a folder that carries the sha256 of each of its files, so that an altered or half-written one is refused.

The seal is ``files.json``, {"files": {relative path: hex sha256}}. It is written last; a folder without it is half-written. A seal
shows damage, not malice: whoever can write the folder can also seal it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from fuserank.errors import ModelFolderError
from fuserank.files import sha256_file

SEAL = "files.json"


def seal(folder: Path) -> None:
    """Write the seal over all files of `folder`, as its last step before the folder is published."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    hashes = {name: sha256_file(folder / name) for name in names if name != SEAL}
    (folder / SEAL).write_text(json.dumps({"files": hashes}, indent=1) + "\n")


def verify(folder: Path, needed: Iterable[str]) -> None:
    """Check that `folder` is complete and unaltered. Files that the seal does not name are not looked at.

    Args:
        folder: a folder that `seal` closed.
        needed: relative paths that must be among the sealed ones.

    Raises:
        ModelFolderError: no folder, no seal, a seal that names a path outside the folder, a missing or an altered file, or a path
            that the system refuses.
    """
    try:
        _verify(folder, needed)
    except OSError as error:  # a name that is too long, say, or a file that we may not read
        raise ModelFolderError(
            f"{str(folder)[:80]}: cannot be read: {error.strerror}",
            allowed="a folder that was published whole",
            todo="check the path, or fetch the folder again",
        ) from None


def _verify(folder: Path, needed: Iterable[str]) -> None:
    todo = "write or fetch the folder again"
    if not folder.is_dir():
        raise ModelFolderError(f"no folder {folder}", allowed="a folder that was published whole", todo="check the path")
    hashes = _read_seal(folder)
    missing = [name for name in needed if name not in hashes]
    if missing:
        raise ModelFolderError(f"{folder}: {SEAL} does not name {', '.join(missing)}", allowed="a complete folder", todo=todo)
    for name, expected in hashes.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            raise ModelFolderError(f"{folder}: {name} is missing", allowed="every file named by its seal", todo=todo)
        if sha256_file(path) != expected:
            raise ModelFolderError(f"{folder}: {name} was altered", allowed=f"sha256 {expected[:16]}…", todo=todo)


def _read_seal(folder: Path) -> dict[str, str]:
    """The seal's names and hashes; the names come from outside, so each must stay inside the folder."""
    path = folder / SEAL
    if not path.is_file():
        raise ModelFolderError(
            f"{folder} has no {SEAL}: it was written only in part",
            allowed="a folder that was published whole",
            todo="write or fetch the folder again",
        )
    try:
        hashes = json.loads(path.read_bytes())["files"]
        good = isinstance(hashes, dict) and all(isinstance(v, str) and _is_inside(k) for k, v in hashes.items())
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise ModelFolderError(
            f"{path} cannot be read as a seal",
            allowed='{"files": {path inside the folder: sha256}}',
            todo="write or fetch the folder again",
        )
    return dict(hashes)


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name and "\0" not in name
