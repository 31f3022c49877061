"""Versions of data/ are added, put back, sent to a remote and fetched from one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fuserank.data.dataset import Dataset
from fuserank.data_versions.dvc_repository import dvc_repository
from fuserank.data_versions.fetching import completed, hash_info, objects_of
from fuserank.data_versions.history import Version, find
from fuserank.data_versions.objects import Progress, md5_file
from fuserank.data_versions.pointer import DATA, POINTER, Pointer, read_pointer
from fuserank.errors import InputError, UnavailableError
from fuserank.files import write_file


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
        objects, files = completed(repo, version, remote, progress)
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
        version, objects = find(root, None), objects_of(repo)
        files = objects.listing(version.pointer.hash)
        if unfit := objects.unfit(files.values(), progress):
            raise InputError(
                f"{len(unfit)} files of the version are missing or altered in the cache",
                todo="fuserank data verify, then push again",
            )
        sent, failed = repo.cloud.push([hash_info(md5) for md5 in {version.pointer.hash, *files.values()}], remote=remote)
    if failed:
        raise UnavailableError(f"the remote did not take {len(failed)} files", todo="see that it can be reached, then push again")
    return len(sent)


def pull(root: Path, *, remote: str | None = None, force: bool = False, progress: Progress | None = None) -> Version:
    """Fetch the version that data.dvc names, and put it into data/. Arguments and errors as of `restore`."""
    version = find(root, None)
    restore(root, version, remote=remote, force=force, progress=progress)
    return version


def working(root: Path) -> Iterator[str]:
    """Files in data/, as a listing names them."""
    data = root / DATA
    yield from (path.relative_to(data).as_posix() for path in sorted(data.rglob("*")) if path.is_file())


def _point(root: Path, pointer: Pointer) -> None:
    """data.dvc as DVC writes it."""
    if read_pointer(root) != pointer:
        write_file(
            root / POINTER,
            f"outs:\n- md5: {pointer.hash}\n  size: {pointer.size}\n  nfiles: {pointer.files}\n  hash: md5\n  path: {DATA}\n",
        )
