"""Commands that change a registry: promote by hand, go back, prune. Each stands in its log with who did it and why."""

from __future__ import annotations

from typing import Annotated

import typer

from fuserank.cli.base import Data, job_of, models, out
from fuserank.pages import number

Reason = Annotated[str, typer.Option(help="why, for the log")]


@models.command()
def promote(
    data: Data,
    version: Annotated[str, typer.Argument(help="the model; its beginning or end will do")],
    reason: Reason,
) -> None:
    """Make a model champion by hand, past the gate, and release its package: a running service takes it up."""
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.package import serve_again

    job = job_of(data)
    registered = registry(job)
    chosen = registered.find(version)
    if not registered.promote(chosen, f"by hand, past the gate: {reason}" if reason.strip() else "", {"by_hand": True}):
        out.print("it is champion already: nothing to log")
    _tell(chosen, serve_again(job, chosen))


@models.command()
def rollback(data: Data, reason: Reason) -> None:
    """Make the previous champion champion again, and release its package: a running service takes it up."""
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.package import serve_again

    job = job_of(data)
    version = registry(job).rollback(reason)
    _tell(version, serve_again(job, version))


def _tell(version: str, package: str | None) -> None:
    out.print(f"champion: {version}")
    out.print(f"released: {package}" if package else "it has no package here: run the chain to build one")


@models.command()
def prune(
    data: Data,
    keep: Annotated[int, typer.Option(min=1, help="of the newest models, and of the champions that a rollback goes back to")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go, and change nothing")] = False,
) -> None:
    """Remove models, and their packages, that neither serve nor can come back; what is released stays."""
    from fuserank.pipeline import prune as step

    job = job_of(data)
    home, start = job.settings.home, job.settings.training.start
    gone = step.doomed(home, job.name, keep, start=start) if dry_run else step.prune(home, job.name, keep, start=start)
    for one in gone:
        out.print(one.version, *(f"  package {name}" for name in one.packages), f"  {number(one.size)} bytes", sep="\n")
    said = "would be removed" if dry_run else "removed"
    out.print(f"{len(gone)} model(s) {said}, {number(sum(one.size for one in gone))} bytes")
    if left := [tag for one in gone for tag in one.bentos]:
        out.print(f"their Bentos stay; to delete them: BENTOML_HOME={home / 'bentoml'} bentoml delete TAG", *left, sep="\n  ")
