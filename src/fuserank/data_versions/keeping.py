"""Versions of data/ are added, sent to a remote, fetched, checked and put back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fuserank.data.dataset import Dataset
from fuserank.data_versions.dvc_repository import dvc_repository
from fuserank.data_versions.history import Version, find
from fuserank.data_versions.objects import Objects, Progress, State, md5_file
from fuserank.data_versions.pointer import DATA, POINTER, Pointer, read_pointer
from fuserank.errors import InputError, UnavailableError
from fuserank.files import write_file

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo

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


def add(root: Path) -> Pointer:
    """Record data/ as it is: its bytes go into the cache, data.dvc names them.

    Raises:
        InputError: there is no data/, a dataset in it cannot be opened, or something unfinished or a link lies there.
    """
    data = root / DATA
    if not data.is_dir():
        raise InputError(f"no folder {data.absolute()}", allowed="datasets in data/", todo="fuserank import, or fuserank sample")
    if unfinished := sorted(path.name for path in data.iterdir() if path.name.startswith(".")):
        raise InputError(
            f"{', '.join(unfinished[:5])} in data/ is unfinished work of a command that runs, or was killed",
            allowed="datasets",
            todo="wait for the command, or delete it",
        )
    if links := sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_symlink()):
        raise InputError(f"{links[0]} in data/ is a link, which no version can hold", allowed="files", todo="put the files there")
    for manifest in sorted(data.glob("**/dataset.json")):
        Dataset.open(manifest.parent)
    with dvc_repository(root) as repo:
        repo.add(str(data.absolute()))
    pointer = read_pointer(root)
    assert pointer is not None  # DVC has just written it
    return pointer


def restore(
    root: Path, version: Version, *, remote: str | None = None, force: bool = False, progress: Progress | None = None
) -> None:
    """Put a version back into data/ and its name into data.dvc. Every file is hashed before it is put back.

    Args:
        remote: that gives what the cache lacks; None: the default one.
        force: throw away what lies in data/ and was never added.

    Raises:
        InputError: a file is nowhere whole, or data/ holds files that were never added.
    """
    with dvc_repository(root) as repo:
        objects, files = _complete(repo, version, remote, progress)
        if not force and (unsaved := [path for path in working(root) if not objects.path(md5_file(root / DATA / path)).is_file()]):
            raise InputError(
                f"{len(unsaved)} files in data/ were never added, {unsaved[0]} among them",
                allowed="to replace data/ when all of it is kept",
                todo="fuserank data add, or --force to lose them",
            )
        _point(root, version.pointer)
        repo.checkout([str((root / POINTER).absolute())], force=True)
    if wrong := [path for path in files if not (root / DATA / path).is_file()]:
        raise InputError(f"{wrong[0]} was not put back", todo="do it again")


def push(root: Path, *, remote: str | None = None, progress: Progress | None = None) -> int:
    """Send the version that data.dvc names to a remote; an altered file is never sent. Files sent.

    Raises:
        InputError: the cache is not whole, or there is no such remote.
        UnavailableError: the remote does not take it.
    """
    with dvc_repository(root) as repo:
        version, objects = find(root, None), _objects(repo)
        files = objects.listing(version.pointer.hash)
        if unfit := objects.unfit(files.values(), progress):
            raise InputError(
                f"{len(unfit)} files of the version are missing or altered in the cache",
                todo="fuserank data verify, then push again",
            )
        sent, failed = repo.cloud.push([_hash_info(md5) for md5 in {version.pointer.hash, *files.values()}], remote=remote)
    if failed:
        raise UnavailableError(f"the remote did not take {len(failed)} files", todo="see that it can be reached, then push again")
    return len(sent)


def pull(root: Path, *, remote: str | None = None, force: bool = False, progress: Progress | None = None) -> Version:
    """Fetch the version that data.dvc names, and put it into data/. Arguments and errors as of `restore`."""
    version = find(root, None)
    restore(root, version, remote=remote, force=force, progress=progress)
    return version


def verify(root: Path, version: Version, *, remote: str | None = None, progress: Progress | None = None) -> list[Damage]:
    """Hash every cached file of a version; what is missing or altered is made anew from data/ or from a remote, if one has it.

    Raises:
        InputError: the listing of the version is nowhere whole.
    """
    with dvc_repository(root) as repo:
        objects, files = _listed(repo, version, remote)
        unfit = objects.unfit(files.values(), progress)
        found = [Damage(path, unfit[md5]) for path, md5 in files.items() if md5 in unfit]
        for damage in found:
            _remake(objects, files[damage.path], root / DATA / damage.path)
        from_data = {md5 for md5 in unfit if objects.state(md5) == "whole"}
        if from_data != set(unfit) and _has_remote(repo, remote):
            _fetch(repo, objects, set(unfit) - from_data, remote)
        whole = {md5 for md5 in unfit if objects.state(md5) == "whole"}
    return [
        replace(damage, remade="data" if files[damage.path] in from_data else "remote" if files[damage.path] in whole else "")
        for damage in found
    ]


def remotes(root: Path) -> dict[str, str]:
    """name -> address of the configured remotes, the default one first."""
    with dvc_repository(root) as repo:
        default = repo.config["core"].get("remote")
        return {name: repo.config["remote"][name]["url"] for name in sorted(repo.config["remote"], key=lambda n: (n != default, n))}


def unreachable(root: Path, remote: str) -> str:
    """Why a remote cannot be read; "" when it can."""
    with dvc_repository(root) as repo:
        try:
            store = repo.cloud.get_remote(remote)
            store.fs.ls(store.path, detail=False)
        except FileNotFoundError:
            return "" if store.fs.protocol != "local" or Path(store.path).parent.is_dir() else f"{store.path} is not there"
        except Exception as error:  # of the client of the remote, one of many
            return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return ""


def is_cached(root: Path, version: Version) -> bool:
    """Whether the cache has a file for everything in a version; their bytes are not read."""
    with dvc_repository(root) as repo:
        objects = _objects(repo)
        return objects.path(version.pointer.hash).is_file() and all(
            objects.path(md5).is_file() for md5 in objects.listing(version.pointer.hash).values()
        )


def _objects(repo: Repo) -> Objects:
    return Objects(Path(repo.cache.local.path))


def _listed(repo: Repo, version: Version, remote: str | None) -> tuple[Objects, Mapping[str, str]]:
    """The cache and the listing of a version, fetched if it is not here."""
    objects, name = _objects(repo), version.pointer.hash
    if objects.state(name) != "whole" and _has_remote(repo, remote):
        _fetch(repo, objects, [name], remote)
    return objects, objects.listing(name)


def complete(
    root: Path, version: Version, *, remote: str | None = None, progress: Progress | None = None
) -> tuple[Objects, Mapping[str, str]]:
    """The cache and the listing of a version, all of whose files are whole in the cache; what it lacks is fetched.

    Raises:
        InputError: a file is nowhere whole.
        UnavailableError: the remote does not give it.
    """
    with dvc_repository(root) as repo:
        return _complete(repo, version, remote, progress)


def working(root: Path) -> Iterator[str]:
    """Files in data/, as a listing names them."""
    data = root / DATA
    yield from (path.relative_to(data).as_posix() for path in sorted(data.rglob("*")) if path.is_file())


def _complete(repo: Repo, version: Version, remote: str | None, progress: Progress | None) -> tuple[Objects, Mapping[str, str]]:
    objects, files = _listed(repo, version, remote)
    unfit = objects.unfit(files.values(), progress)
    if unfit and _has_remote(repo, remote):
        _fetch(repo, objects, unfit, remote)
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


def _fetch(repo: Repo, objects: Objects, unfit: Iterable[str], remote: str | None) -> None:
    """Get files from a remote; what is altered is put out of the way first, since DVC takes what it has for good."""
    for md5 in unfit:
        objects.path(md5).unlink(missing_ok=True)
    repo.cloud.pull([_hash_info(md5) for md5 in unfit], remote=remote)


def _hash_info(md5: str) -> HashInfo:
    from dvc_data.hashfile.hash_info import HashInfo

    return HashInfo("md5", md5)


def _has_remote(repo: Repo, remote: str | None) -> bool:
    return remote is not None or bool(repo.config["core"].get("remote"))


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


def _point(root: Path, pointer: Pointer) -> None:
    """data.dvc as DVC writes it."""
    if read_pointer(root) != pointer:
        write_file(
            root / POINTER,
            f"outs:\n- md5: {pointer.hash}\n  size: {pointer.size}\n  nfiles: {pointer.files}\n  hash: md5\n  path: {DATA}\n",
        )
