"""`fuserank data …`: versions of data/: record, compare, put back, send, fetch, check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from fuserank.cli.base import Told, counted, data, tells, utc
from fuserank.progress import bar_of, working

if TYPE_CHECKING:
    from fuserank.data_versions import DatasetDifference
    from fuserank.data_versions.pointer import Pointer

ROOT = Path()
SHOWN = 12  # characters of a data hash or a commit

Remote = Annotated[str | None, typer.Option(help="a remote of .dvc/config; default: its default one")]
Name = Annotated[
    str | None, typer.Argument(help="a commit, branch or tag, or the beginning of a data hash; default: what data.dvc says")
]


@data.command("add")
@tells
def add() -> Told:
    """Record data/ as it is.

    Commit data.dvc to give the version its place in history.
    """
    from fuserank.data_versions import POINTER
    from fuserank.data_versions import add as record

    with working("hashing files"):
        pointer = record(ROOT)
    line = f"data {pointer.hash[:SHOWN]}: {counted(pointer.files, 'file')}, {_size(pointer.size)}; next: git commit {POINTER}"
    return Told(pointer, (line,))


@data.command("log")
@tells
def log() -> Told:
    """List versions, the newest first.

    They are the commits that changed data.dvc.
    """
    from fuserank.data_versions import versions

    known = versions(ROOT)
    if not known:
        return Told([], ("no version yet; fuserank data add records one",))
    table = Table("data", "commit", "time", "files", "size", Column("message", overflow="fold"))
    for version in known:
        table.add_row(
            version.pointer.hash[:SHOWN],
            version.commit[:SHOWN] or "not yet",
            utc(version.time) if version.time else "",
            str(version.pointer.files),
            _size(version.pointer.size),
            escape(version.subject),
        )
    value = [{**asdict(one.pointer), "commit": one.commit or None, "time": one.time, "subject": one.subject} for one in known]
    return Told(value, (table,))


@data.command("diff")
@tells
def diff(
    old: Name = None,
    new: Annotated[str | None, typer.Argument(help="as OLD; default: data/ as it lies there")] = None,
    remote: Remote = None,
) -> Told:
    """Say what changed between two versions.

    Rows of the tables, pictures and sounds, bytes that a push sends.
    """
    from fuserank.data_versions import differences, find

    with bar_of("comparing") as bar:
        found = differences(ROOT, find(ROOT, old), find(ROOT, new) if new else None, remote=remote, progress=bar)
    return Told(found, tuple(line for dataset in found for line in _difference(dataset)) or ("nothing changed",))


@data.command("restore")
@tells
def restore(
    version: Name = None,
    remote: Remote = None,
    force: Annotated[bool, typer.Option("--force", help="lose what lies in data/ and was never added")] = False,
) -> Told:
    """Put a version back into data/, and its name into data.dvc."""
    from fuserank.data_versions import find
    from fuserank.data_versions import restore as put_back

    wanted = find(ROOT, version)
    with bar_of("hashing files") as bar:
        put_back(ROOT, wanted, remote=remote, force=force, progress=bar)
    return _here(wanted.pointer)


@data.command("push")
@tells
def push(remote: Remote = None) -> Told:
    """Send the version that data.dvc names to a remote.

    An altered file is never sent.
    """
    from fuserank.data_versions import push as send

    with bar_of("hashing files") as bar:
        sent = send(ROOT, remote=remote, progress=bar)
    return Told({"sent": sent}, (f"{counted(sent, 'file')} sent" if sent else "the remote has it all",))


@data.command("pull")
@tells
def pull(
    remote: Remote = None,
    force: Annotated[bool, typer.Option("--force", help="lose what lies in data/ and was never added")] = False,
) -> Told:
    """Fetch the version that data.dvc names, and put it into data/."""
    from fuserank.data_versions import pull as fetch

    with bar_of("hashing files") as bar:
        version = fetch(ROOT, remote=remote, force=force, progress=bar)
    return _here(version.pointer)


@data.command("verify")
@tells
def verify(version: Name = None, remote: Remote = None) -> Told:
    """Hash the cached files of a version, and mend them.

    What is damaged is made anew from data/ or a remote, if one has it; exit code 1 when something is lost.
    """
    from fuserank.data_versions import find
    from fuserank.data_versions import verify as check

    wanted = find(ROOT, version)
    with bar_of("hashing files") as bar:
        found = check(ROOT, wanted, remote=remote, progress=bar)
    lines = []
    for damage in found:
        said = f"made anew from {damage.remade}" if damage.remade else "lost: no remote has it, and data/ holds something else"
        lines.append(f"{escape(damage.path)}: {damage.state} in the cache, {said}")
    lost = any(not damage.remade for damage in found)
    if not lost:
        lines.append(f"data {wanted.pointer.hash[:SHOWN]} is whole: {counted(wanted.pointer.files, 'file')}")
    return Told({"hash": wanted.pointer.hash, "whole": not lost, "damaged": found}, tuple(lines), exit_code=int(lost))


def _here(pointer: Pointer) -> Told:
    return Told(pointer, (f"data/ is {pointer.hash[:SHOWN]}: {counted(pointer.files, 'file')}, {_size(pointer.size)}",))


def _difference(dataset: DatasetDifference) -> list[str]:
    lines = [f"[bold]{escape(dataset.folder or 'other files')}[/] {dataset.state}"]
    for table in dataset.tables:
        columns = ", ".join(f"{name} {count}" for name, count in table.columns.items())
        lines.append(f"  {table.table:<13}+{table.added} -{table.removed} ~{table.changed}{f' ({columns})' if columns else ''}")
        if table.examples:
            lines.append(f"  {'':<13}{escape(', '.join(table.examples))}")
    if dataset.media_added or dataset.media_removed:
        lines.append(f"  {'media':<13}+{dataset.media_added} -{dataset.media_removed}")
    if dataset.files:
        lines.append(f"  {'new bytes':<13}{_size(dataset.bytes)} in {escape(', '.join(dataset.files))}")
    return lines


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
