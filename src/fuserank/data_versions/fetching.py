"""A version whole in the cache: what is missing or altered there is fetched from a remote, and hashed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fuserank.data_versions.dvc_repository import dvc_repository
from fuserank.data_versions.history import Version
from fuserank.data_versions.objects import Objects, Progress
from fuserank.errors import InputError

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo


def complete(
    root: Path, version: Version, *, remote: str | None = None, progress: Progress | None = None
) -> tuple[Objects, Mapping[str, str]]:
    """The cache and the listing of a version, all of whose files are whole in the cache; what it lacks is fetched.

    Raises:
        InputError: a file is nowhere whole.
        UnavailableError: the remote does not give it.
    """
    with dvc_repository(root) as repo:
        return completed(repo, version, remote, progress)


def completed(repo: Repo, version: Version, remote: str | None, progress: Progress | None) -> tuple[Objects, Mapping[str, str]]:
    """As `complete`, in a repository that is open."""
    objects, files = listed(repo, version, remote)
    unfit = objects.unfit(files.values(), progress)
    if unfit and has_remote(repo, remote):
        fetch(repo, objects, unfit, remote)
        unfit = objects.unfit(unfit)
    if unfit:
        path = next(path for path, md5 in files.items() if md5 in unfit)
        raise InputError(
            f"{len(unfit)} files of version {version.pointer.hash[:12]} are not here as they were added, "
            f"{path} ({unfit[files[path]]}) among them",
            allowed="a version that the cache or a remote has",
            todo="fuserank data pull --remote NAME, or make the dataset again (fuserank sample, fuserank import)",
        )
    return objects, files


def listed(repo: Repo, version: Version, remote: str | None) -> tuple[Objects, Mapping[str, str]]:
    """The cache and the listing of a version, fetched if it is not here."""
    objects, name = objects_of(repo), version.pointer.hash
    if objects.state(name) != "whole" and has_remote(repo, remote):
        fetch(repo, objects, [name], remote)
    return objects, objects.listing(name)


def fetch(repo: Repo, objects: Objects, unfit: Iterable[str], remote: str | None) -> None:
    """Get files from a remote; what is altered is put out of the way first, since DVC takes what it has for good."""
    for md5 in unfit:
        objects.path(md5).unlink(missing_ok=True)
    repo.cloud.pull([hash_info(md5) for md5 in unfit], remote=remote)


def is_cached(root: Path, version: Version) -> bool:
    """Whether the cache has a file for everything in a version; their bytes are not read."""
    with dvc_repository(root) as repo:
        objects = objects_of(repo)
        return objects.path(version.pointer.hash).is_file() and all(
            objects.path(md5).is_file() for md5 in objects.listing(version.pointer.hash).values()
        )


def objects_of(repo: Repo) -> Objects:
    """The cache of a repository."""
    return Objects(Path(repo.cache.local.path))


def hash_info(md5: str) -> HashInfo:
    """How DVC names a file."""
    from dvc_data.hashfile.hash_info import HashInfo

    return HashInfo("md5", md5)


def has_remote(repo: Repo, remote: str | None) -> bool:
    """Whether one is named, here or as the default."""
    return remote is not None or bool(repo.config["core"].get("remote"))
