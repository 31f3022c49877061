"""`fuserank data …`: versions of data/: record, compare, put back, send, fetch, check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import data, out, print_wide, utc
from fuserank.progress import bar_of

if TYPE_CHECKING:
    from fuserank.data_versions import DatasetDifference

ROOT = Path()
SHOWN = 12  # characters of a data hash or a commit

Remote = Annotated[str | None, typer.Option(help="a remote of .dvc/config; default: its default one")]
Name = Annotated[
    str | None, typer.Argument(help="a commit, branch or tag, or the beginning of a data hash; default: what data.dvc says")
]


@data.command("add")
def add() -> None:
    """Record data/ as it is; commit data.dvc to give the version its place in history."""
    from fuserank.data_versions import POINTER
    from fuserank.data_versions import add as record

    pointer = record(ROOT)
    out.print(f"data {pointer.hash[:SHOWN]}: {pointer.files} files, {_size(pointer.size)}; next: git commit {POINTER}")


@data.command("log")
def log() -> None:
    """Versions, the newest first: the commits that changed data.dvc."""
    from fuserank.data_versions import versions

    known = versions(ROOT)
    if not known:
        out.print("no version yet; fuserank data add records one")
        return
    table = Table("data", "commit", "time", "files", "size", "message")
    for version in known:
        table.add_row(
            version.pointer.hash[:SHOWN],
            version.commit[:SHOWN] or "not yet",
            utc(version.time) if version.time else "",
            str(version.pointer.files),
            _size(version.pointer.size),
            escape(version.subject),
        )
    print_wide(table)


@data.command("diff")
def diff(
    old: Name = None,
    new: Annotated[str | None, typer.Argument(help="as OLD; default: data/ as it lies there")] = None,
    remote: Remote = None,
) -> None:
    """What changed between two versions: rows of the tables, pictures and sounds, bytes that a push sends."""
    from fuserank.data_versions import differences, find

    with bar_of("comparing") as bar:
        found = differences(ROOT, find(ROOT, old), find(ROOT, new) if new else None, remote=remote, progress=bar)
    for dataset in found:
        _print_difference(dataset)
    if not found:
        out.print("nothing changed")


@data.command("restore")
def restore(
    version: Name = None,
    remote: Remote = None,
    force: Annotated[bool, typer.Option("--force", help="lose what lies in data/ and was never added")] = False,
) -> None:
    """Put a version back into data/, and its name into data.dvc."""
    from fuserank.data_versions import find
    from fuserank.data_versions import restore as put_back

    wanted = find(ROOT, version)
    with bar_of("hashing files") as bar:
        put_back(ROOT, wanted, remote=remote, force=force, progress=bar)
    out.print(f"data/ is {wanted.pointer.hash[:SHOWN]}: {wanted.pointer.files} files, {_size(wanted.pointer.size)}")


@data.command("push")
def push(remote: Remote = None) -> None:
    """Send the version that data.dvc names to a remote; an altered file is never sent."""
    from fuserank.data_versions import push as send

    with bar_of("hashing files") as bar:
        sent = send(ROOT, remote=remote, progress=bar)
    out.print(f"{sent} files sent" if sent else "the remote has it all")


@data.command("pull")
def pull(
    remote: Remote = None,
    force: Annotated[bool, typer.Option("--force", help="lose what lies in data/ and was never added")] = False,
) -> None:
    """Fetch the version that data.dvc names, and put it into data/."""
    from fuserank.data_versions import pull as fetch

    with bar_of("hashing files") as bar:
        version = fetch(ROOT, remote=remote, force=force, progress=bar)
    out.print(f"data/ is {version.pointer.hash[:SHOWN]}: {version.pointer.files} files, {_size(version.pointer.size)}")


@data.command("verify")
def verify(version: Name = None, remote: Remote = None) -> None:
    """Hash the cached files of a version; what is damaged is made anew from data/ or a remote, if one has it."""
    from fuserank.data_versions import find
    from fuserank.data_versions import verify as check

    wanted = find(ROOT, version)
    with bar_of("hashing files") as bar:
        found = check(ROOT, wanted, remote=remote, progress=bar)
    for damage in found:
        said = f"made anew from {damage.remade}" if damage.remade else "lost: no remote has it, and data/ holds something else"
        out.print(f"{escape(damage.path)}: {damage.state} in the cache, {said}")
    if any(not damage.remade for damage in found):
        raise typer.Exit(1)
    out.print(f"data {wanted.pointer.hash[:SHOWN]} is whole: {wanted.pointer.files} files")


def _print_difference(dataset: DatasetDifference) -> None:
    out.print(f"[bold]{escape(dataset.folder or 'other files')}[/] {dataset.state}", highlight=False)
    for table in dataset.tables:
        columns = ", ".join(f"{name} {count}" for name, count in table.columns.items())
        out.print(
            f"  {table.table:<13}+{table.added} -{table.removed} ~{table.changed}{f' ({columns})' if columns else ''}",
            highlight=False,
        )
        if table.examples:
            out.print(f"  {'':<13}{escape(', '.join(table.examples))}", highlight=False)
    if dataset.media_added or dataset.media_removed:
        out.print(f"  {'media':<13}+{dataset.media_added} -{dataset.media_removed}", highlight=False)
    if dataset.files:
        out.print(f"  {'new bytes':<13}{_size(dataset.bytes)} in {escape(', '.join(dataset.files))}", highlight=False)


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
