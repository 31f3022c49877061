"""What changed between two versions of data/: datasets, rows of their tables, media."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq

from fuserank.data_versions.fetching import complete
from fuserank.data_versions.history import Version
from fuserank.data_versions.keeping import working
from fuserank.data_versions.objects import Progress, datasets_of, md5_file
from fuserank.data_versions.pointer import DATA
from fuserank.data_versions.table_rows import TableDifference, compare_tables
from fuserank.types import SCHEMAS

TABLES = tuple(name for name in SCHEMAS if name != "media")


@dataclass(frozen=True)
class DatasetDifference:
    """What changed in one dataset folder.

    Attributes:
        folder: in data/; "" for files outside a dataset.
        state: of the dataset as a whole.
        tables: those that differ.
        media_added, media_removed: pictures and sounds by their bytes.
        files: names of files that are new or have other bytes, which is what a push sends.
        bytes: of them.
    """

    folder: str
    state: Literal["added", "removed", "changed"]
    tables: tuple[TableDifference, ...] = ()
    media_added: int = 0
    media_removed: int = 0
    files: tuple[str, ...] = ()
    bytes: int = 0


@dataclass(frozen=True)
class _Side:
    """One of two versions: dataset folder -> file name -> md5, and where the bytes of an md5 can be read."""

    datasets: Mapping[str, Mapping[str, str]]
    places: Mapping[str, Path] = field(default_factory=dict)

    def path(self, folder: str, name: str) -> Path | None:
        md5 = self.datasets.get(folder, {}).get(name)
        return self.places[md5] if md5 else None

    def paths(self, folder: str, names: Iterable[str]) -> list[Path]:
        return [path for name in names if (path := self.path(folder, name))]


def differences(
    root: Path, old: Version, new: Version | None, *, remote: str | None = None, progress: Progress | None = None
) -> list[DatasetDifference]:
    """Compare two versions.

    Args:
        new: None is data/ as it lies there, added or not.
        remote: that gives what the cache lacks; None: the default one.
        progress: told of every file that is hashed.

    Raises:
        InputError: a version's bytes are nowhere whole.
        SchemaError: a table of theirs cannot be read.
    """
    before = _recorded(root, old, remote, progress)
    after = _working(root, progress) if new is None else _recorded(root, new, remote, progress)
    folders = sorted({*before.datasets, *after.datasets})
    return [_dataset(folder, before, after) for folder in folders if before.datasets.get(folder) != after.datasets.get(folder)]


def _dataset(folder: str, before: _Side, after: _Side) -> DatasetDifference:
    old, new = before.datasets.get(folder, {}), after.datasets.get(folder, {})
    changed = tuple(name for name, md5 in new.items() if old.get(name) != md5)
    touched = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    shards = sorted(name for name in touched if name.startswith("media-"))
    had, has = (_hashes(side.paths(folder, shards)) for side in (before, after))
    tables = []
    for name in TABLES if folder else ():
        if f"{name}.parquet" in touched:
            tables.append(compare_tables(name, *(side.path(folder, f"{name}.parquet") for side in (before, after))))
    return DatasetDifference(
        folder,
        "added" if not old else "removed" if not new else "changed",
        tuple(tables),
        len(has - had),
        len(had - has),
        changed,
        sum(path.stat().st_size for path in after.paths(folder, changed)),
    )


def _hashes(shards: Iterable[Path]) -> set[str]:
    """Hashes of the media in shards; their bytes are not read."""
    return {digest for shard in shards for digest in pq.read_table(shard, columns=["hash"])["hash"].to_pylist()}


def _recorded(root: Path, version: Version, remote: str | None, progress: Progress | None) -> _Side:
    """A version out of the cache; what it lacks is fetched."""
    objects, files = complete(root, version, remote=remote, progress=progress)
    return _Side(datasets_of(files), {md5: objects.path(md5) for md5 in files.values()})


def _working(root: Path, progress: Progress | None) -> _Side:
    files, paths = {}, list(working(root))
    for done, path in enumerate(paths, 1):
        files[path] = md5_file(root / DATA / path)
        if progress:
            progress(done, len(paths))
    return _Side(datasets_of(files), {md5: root / DATA / path for path, md5 in files.items()})
