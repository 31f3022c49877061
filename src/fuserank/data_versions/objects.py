"""The bytes of versions as DVC caches them: one file for each content, called by its md5; and listings that name them.

DVC trusts what lies read-only in its cache. A disk does not keep that promise, so everything is hashed here before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from fuserank.errors import InputError

Progress = Callable[[int, int], None]  # (files hashed, files in all)
State = Literal["whole", "missing", "altered"]
MD5 = r"[0-9a-f]{32}"


@dataclass(frozen=True)
class Objects:
    """The cache of a repository.

    Attributes:
        folder: its md5 files: ``<folder>/ab/cdef…`` holds the content with md5 ``abcdef…``.
    """

    folder: Path

    def path(self, md5: str) -> Path:
        """Where the content of this md5 lies; a listing's ends in ``.dir``."""
        return self.folder / md5[:2] / md5[2:]

    def state(self, md5: str) -> State:
        """Whether the content is there and hashes to its name."""
        path = self.path(md5)
        if not path.is_file():
            return "missing"
        return "whole" if md5_file(path) == md5.removesuffix(".dir") else "altered"

    def unfit(self, wanted: Iterable[str], progress: Progress | None = None) -> dict[str, State]:
        """md5 -> what is wrong with it, of those that are not whole."""
        names = sorted(set(wanted))
        found: dict[str, State] = {}
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # hashing holds no lock of Python's
            for done, (md5, state) in enumerate(zip(names, threads.map(self.state, names), strict=True), 1):
                if state != "whole":
                    found[md5] = state
                if progress:
                    progress(done, len(names))
        return found

    def listing(self, md5: str) -> dict[str, str]:
        """path in data/ -> md5 of all files of a version.

        Raises:
            InputError: the listing is missing, altered, or names a path that leads out of data/.
        """
        if (state := self.state(md5)) != "whole":
            raise InputError(
                f"the listing {md5[:12]} of this version is {state}",
                allowed="a version whose bytes are here",
                todo="fuserank data pull",
            )
        try:
            files = {entry["relpath"]: entry["md5"] for entry in json.loads(self.path(md5).read_bytes())}
            wrong = [path for path, name in files.items() if not re.fullmatch(MD5, name) or not _inside(path)]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"the listing {md5[:12]} cannot be read: {error}", allowed="one that DVC wrote", todo="add the data again"
            ) from None
        if wrong:
            raise InputError(f"the listing {md5[:12]} names {wrong[0][:80]!r}", allowed="files in data/", todo="add the data again")
        return files


def md5_file(path: Path) -> str:
    """Hex md5 of a file's bytes, read in blocks: the name that DVC gives them, no protection against an attacker."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def datasets_of(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """dataset folder -> file name -> md5, of the files of a listing; files outside a dataset stand under ""."""
    folders = {str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name == "dataset.json"}
    found: dict[str, dict[str, str]] = {}
    for path, md5 in sorted(files.items()):
        parent, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        found.setdefault(parent if parent in folders else "", {})[name if parent in folders else path] = md5
    return found


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts and "\0" not in path
