"""Pruning: models that neither serve nor can come back are removed, with their packages; the log keeps who, why and a trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fuserank.errors import InputError, ModelFolderError
from fuserank.files import sweep
from fuserank.model_folder import read_meta
from fuserank.model_registry import Registry
from fuserank.pipeline.lineage import kept
from fuserank.pipeline.registered import bento_notes, built_of, registry_of, version_of
from fuserank.pipeline.releasing import packages_lock, releases


@dataclass(frozen=True)
class Doomed:
    """A model that goes.

    Attributes:
        version: of the model.
        packages: that go with it.
        bentos: tags of Bentos that were built of these; they stay in BentoML's store.
        paths: files and folders that go besides the model's.
        size: bytes that are freed.
    """

    version: str
    packages: tuple[str, ...]
    bentos: tuple[str, ...]
    paths: tuple[Path, ...]
    size: int


def doomed(home: Path, dataset: str, keep: int, *, start: Path | None = None) -> list[Doomed]:
    """Models that a pruning would remove, oldest first: all but

    - the champion, and the `keep` champions before it that a rollback goes back to,
    - models of which a release of any dataset names a package,
    - the `keep` newest,
    - the one that training starts from.

    Args:
        home: the setting.
        dataset: name of the dataset, with its regime.
        keep: at least 1.
        start: the setting `training.start`.

    Raises:
        InputError: `keep` is below 1, or a release cannot be read: what it names is not known.
        ModelFolderError: the log cannot be read.
    """
    if keep < 1:
        raise InputError(f"--keep {keep}", allowed="1 or more", todo="keep at least the newest")
    models = registry_of(home, dataset)
    versions = models.versions()
    spared = {*models.reigns()[-keep - 1 :], *versions[-keep:], *_released(home), *_started(models, versions, start)}
    return [_doomed(home, dataset, models, version) for version in versions if version not in spared]


def prune(home: Path, dataset: str, keep: int, *, start: Path | None = None, who: str | None = None) -> list[Doomed]:
    """Remove what `doomed` names, and what an earlier removal that was interrupted has left; arguments and errors as there.

    Args:
        who: decided beside the user of this process, for the log.

    Returns:
        what went.
    """
    models = registry_of(home, dataset)
    with models.lock(), packages_lock(home):
        gone = doomed(home, dataset, keep, start=start)
        for one in gone:
            reason = f"neither released nor among the newest, nor one that a rollback goes back to (--keep {keep})"
            models.remove(one.version, reason, _trace(home, dataset, models, one), also=one.paths, who=who)
        models.sweep()
        sweep(home / "packages")
    return gone


def _released(home: Path) -> set[str]:
    """Versions of which a release names a package; a package may be released for another dataset than its model's."""
    said = releases(home).values()
    return {version_of(r.champion) for r in said} | {version_of(r.challenger.package) for r in said if r.challenger}


def _started(models: Registry, versions: Iterable[str], start: Path | None) -> set[str]:
    """The version whose folder the setting `training.start` names."""
    return set() if start is None else {v for v in versions if models.path(v).resolve() == start.resolve()}


def _doomed(home: Path, dataset: str, models: Registry, version: str) -> Doomed:
    made = sorted(folder for folder in (home / "packages").glob(f"{version}-*") if folder.is_dir())
    notes = bento_notes(home, version)
    paths = (*made, *notes, *(home / "evidence" / dataset).glob(f"{version}-*.json"))
    size = sum(_bytes(path) for path in (*paths, models.path(version)))
    return Doomed(version, tuple(folder.name for folder in made), tuple(note.read_text() for note in notes), paths, size)


def _trace(home: Path, dataset: str, models: Registry, one: Doomed) -> dict[str, object]:
    """What the log keeps: a damaged model can be pruned too."""
    try:
        meta = read_meta(models.path(one.version))
    except ModelFolderError:
        meta = None
    return kept(meta, built_of(home, one.version, dataset)) | {"bytes": one.size}


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file())
