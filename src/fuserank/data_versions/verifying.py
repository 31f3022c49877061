"""Cached files of a version are hashed; what is damaged is made anew where somebody has its bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from fuserank.data_versions.dvc_repository import dvc_repository
from fuserank.data_versions.fetching import fetch, has_remote, listed
from fuserank.data_versions.history import Version
from fuserank.data_versions.objects import Objects, Progress, State, md5_file
from fuserank.data_versions.pointer import DATA

READ_ONLY = 0o444  # how DVC marks a cached file as finished


@dataclass(frozen=True)
class Damage:
    """A file of a version that is not as it was added.

    Attributes:
        path: in data/.
        state: of its copy in the cache: missing or altered.
        remade: what a whole copy was made from; "" for none, so that the file is lost unless somebody has it.
    """

    path: str
    state: State
    remade: Literal["", "data", "remote"] = ""


def verify(root: Path, version: Version, *, remote: str | None = None, progress: Progress | None = None) -> list[Damage]:
    """Hash every cached file of a version; what is missing or altered is made anew from data/ or from a remote, if one has it.

    Raises:
        InputError: the listing of the version is nowhere whole.
    """
    with dvc_repository(root) as repo:
        objects, files = listed(repo, version, remote)
        unfit = objects.unfit(files.values(), progress)
        found = [Damage(path, unfit[md5]) for path, md5 in files.items() if md5 in unfit]
        for damage in found:
            _remake(objects, files[damage.path], root / DATA / damage.path)
        from_data = {md5 for md5 in unfit if objects.state(md5) == "whole"}
        if from_data != set(unfit) and has_remote(repo, remote):
            fetch(repo, objects, set(unfit) - from_data, remote)
        whole = {md5 for md5 in unfit if objects.state(md5) == "whole"}
    return [
        replace(damage, remade="data" if files[damage.path] in from_data else "remote" if files[damage.path] in whole else "")
        for damage in found
    ]


def _remake(objects: Objects, md5: str, source: Path) -> None:
    """The cached file made anew from a file of data/, when that has the bytes still."""
    if not source.is_file() or md5_file(source) != md5:
        return
    target = objects.path(md5)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
    os.chmod(name, READ_ONLY)
    os.replace(name, target)
