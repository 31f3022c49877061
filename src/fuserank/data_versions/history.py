"""Which versions of data/ there were: the commits that changed data.dvc."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fuserank.data_versions.pointer import POINTER, Pointer, parse_pointer, read_pointer
from fuserank.errors import InputError


@dataclass(frozen=True)
class Version:
    """A version of data/.

    Attributes:
        pointer: names its bytes.
        commit: 40 hex characters; "" for what data.dvc says now, before it is committed.
        time: of the commit; None without one.
        subject: first line of its message.
    """

    pointer: Pointer
    commit: str = ""
    time: datetime | None = None
    subject: str = ""


def versions(root: Path) -> list[Version]:
    """All versions, the newest first; what data.dvc says now stands on top when no commit says it yet.

    Raises:
        InputError: `root` is no git repository.
        SchemaError: data.dvc cannot be read.
    """
    _git(root, "rev-parse", "--git-dir")  # a repository, though it may have no commit yet
    log = _git(root, "log", "--format=%H%x09%cI%x09%s", "--", str(POINTER)) if _commit(root, "HEAD") else ""
    found = []
    for commit, time, subject in (line.split("\t", 2) for line in log.splitlines()):
        if (pointer := _pointer_at(root, commit)) is not None:
            found.append(Version(pointer, commit, datetime.fromisoformat(time), subject))
    now = read_pointer(root)
    return found if now is None or (found and found[0].pointer == now) else [Version(now), *found]


def find(root: Path, text: str | None) -> Version:
    """The version that a name means.

    Args:
        text: a commit, branch or tag of git, or the beginning of a data hash, as a model's lineage names it; None: what data.dvc
            says.

    Raises:
        InputError: nothing, or more than one version, is called so, or `root` is no git repository.
    """
    known = versions(root)
    if text is None:
        if not (root / POINTER).is_file():
            raise InputError(
                f"no {POINTER} in {root.absolute()}", allowed="a repository whose data was added", todo="fuserank data add"
            )
        return known[0]
    named = {
        version.pointer.hash: version for version in reversed(known) if len(text) >= 6 and version.pointer.hash.startswith(text)
    }
    if not named and (commit := _commit(root, text)) and (pointer := _pointer_at(root, commit)):
        return next((version for version in known if version.commit == commit), Version(pointer, commit))
    if len(named) == 1:
        return next(iter(named.values()))
    raise InputError(
        f"{text[:80]!r} is {'the beginning of several data hashes' if named else 'no version of data/'}",
        allowed=", ".join(version.pointer.hash[:12] for version in known[:10]) or "none yet: fuserank data add",
        todo="see fuserank data log",
    )


def _pointer_at(root: Path, commit: str) -> Pointer | None:
    """data.dvc of a commit; None when the commit has none."""
    try:
        text = _git(root, "show", f"{commit}:./{POINTER}")
    except InputError:
        return None
    return parse_pointer(text, f"{POINTER} of commit {commit[:12]}")


def _commit(root: Path, text: str) -> str | None:
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}").strip()
    except InputError:
        return None


def _git(root: Path, *arguments: str) -> str:
    """What git prints.

    Raises:
        InputError: git is missing or says no.
    """
    try:
        done = subprocess.run(  # noqa: S603 (a list, no shell; names of the caller's stand behind --end-of-options)
            ["git", "-C", str(root), *arguments],  # noqa: S607 (git is where the user has it)
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise InputError("git is not installed", allowed="git on the PATH", todo="install it") from None
    except (subprocess.CalledProcessError, ValueError) as error:  # ValueError: a NUL in an argument
        said = " ".join(str(getattr(error, "stderr", "") or error).split())[:200]
        raise InputError(f"git {arguments[0]}: {said}", allowed="a git repository", todo="run this in the repository") from None
    return done.stdout
