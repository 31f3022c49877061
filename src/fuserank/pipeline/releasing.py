"""Releases of packages: which of them answer for a dataset. A running service follows the file within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import ValidationError

from fuserank.errors import InputError
from fuserank.sealed import SEAL
from fuserank.serving import Challenger, Release, open_package, read_release, write_release
from fuserank.serving.release import NAME

Mode = Literal["shadow", "canary", "interleave"]
RELEASE = ".release.json"  # end of a release's file name


def release_file(home: Path, name: str) -> Path:
    """The release of a dataset; it lies beside the packages that it names.

    Args:
        home: the setting.
        name: of the dataset, with its regime.

    Raises:
        InputError: the name is none of a dataset.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} is no name of a dataset", allowed="such as sample or fashion-full", todo="correct the name"
        )
    return home / "packages" / f"{name}{RELEASE}"


def releases(home: Path) -> dict[str, Release]:
    """All releases, by name of the dataset.

    Raises:
        InputError: one cannot be read.
    """
    files = sorted((home / "packages").glob(f"[!.]*{RELEASE}"))
    return {file.name.removesuffix(RELEASE): read_release(file) for file in files}


def packages_lock(home: Path) -> FileLock:
    """What is held while a release is written or packages are removed, so that no release names what goes."""
    (home / "packages").mkdir(parents=True, exist_ok=True)
    return FileLock(home / "packages" / ".lock", timeout=60)


def packages(home: Path) -> list[str]:
    """Names of the packages there are, the newest last."""
    found = [seal.parent for seal in (home / "packages").glob(f"[!.]*/{SEAL}")]
    return [folder.name for folder in sorted(found, key=lambda folder: (folder.stat().st_mtime, folder.name))]


def release_champion(home: Path, name: str, package: str) -> Release:
    """Make a package the champion of a dataset's release.

    The challenger stays, unless it is the new champion or its package is gone: such a release would be refused.

    Raises:
        InputError: the release that is there cannot be read, or there is no such package (any more).
    """
    file = release_file(home, name)
    with packages_lock(home):
        _refuse_absent(home, package)
        before = read_release(file) if file.exists() else None
        second = before.challenger if before is not None else None
        if second is not None and (second.package == package or second.package not in packages(home)):
            second = None
        release = Release(champion=package, challenger=second)
        if release != before:  # a service looks at a file that is written again
            write_release(file, release)
    return release


def change_release(
    home: Path,
    name: str,
    *,
    champion: str | None = None,
    challenger: str | None = None,
    mode: Mode | None = None,
    share: float | None = None,
    no_challenger: bool = False,
) -> Release:
    """Change what is said of a dataset's release, keep the rest, and write it.

    Args:
        champion, challenger: packages. A challenger that becomes champion is challenger no more.
        mode, share: of the challenger; one that is new begins with shadow and 0.1.
        no_challenger: the champion alone.

    Raises:
        InputError: no such package, no champion, or what is said of a challenger makes no sense.
        ModelFolderError: a package is damaged.
    """
    file, named = release_file(home, name), [package for package in (champion, challenger) if package is not None]
    for package in named:
        _refuse_absent(home, package)
        open_package(home / "packages" / package)
    with packages_lock(home):
        for package in named:
            _refuse_absent(home, package)  # opening takes a while
        release = _changed(home, file, champion, challenger, mode, share, no_challenger)
        write_release(file, release)
    return release


def _changed(
    home: Path,
    file: Path,
    champion: str | None,
    challenger: str | None,
    mode: Mode | None,
    share: float | None,
    no_challenger: bool,
) -> Release:
    """The release in a file with what is said of it changed; arguments and errors as of `change_release`."""
    # A file that cannot be read is no hindrance to one that says everything anew.
    old = read_release(file) if file.exists() and not (champion and (challenger or no_challenger)) else None
    first = champion or (old.champion if old else None)
    if first is None:
        name = file.name.removesuffix(RELEASE)
        raise InputError(f"no release of {name!r} yet", allowed=_listed(home), todo=f"fuserank release {name} --champion PACKAGE")
    if challenger == first:
        raise InputError(f"{first} against itself", allowed=_listed(home), todo="name another challenger")
    second = None if no_challenger else _challenger(old.challenger if old else None, challenger, mode, share)
    return Release(champion=first, challenger=None if second is not None and second.package == first else second)


def _challenger(old: Challenger | None, package: str | None, mode: Mode | None, share: float | None) -> Challenger | None:
    """The old one with what is said of it changed, or a new one; None when there is none and nothing is said."""
    said = {key: value for key, value in {"package": package, "mode": mode, "share": share}.items() if value is not None}
    if not said:
        return old
    if package is None and old is None:
        raise InputError(f"{' and '.join(said)} of no challenger", allowed="--challenger PACKAGE", todo="name a challenger")
    known = old.model_dump() if old is not None and package in (None, old.package) else {"mode": "shadow", "share": 0.1}
    try:
        return Challenger.model_validate(known | said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(f"{first['loc'][0]}: {first['msg']}", allowed="share 0 to 1", todo="correct it") from None


def _refuse_absent(home: Path, package: str) -> None:
    if package not in packages(home):
        raise InputError(
            f"no package {package[:80]!r}", allowed=_listed(home), todo="run the chain to build one, or correct the name"
        )


def _listed(home: Path) -> str:
    return ", ".join(packages(home)) or "none yet: python -m flows.chain DATA builds one"
