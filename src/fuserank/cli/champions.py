"""Commands that change a registry: promote by hand, go back, prune. Each stands in its log with who did it and why."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from fuserank.cli.base import Data, Told, counted, job_of, models, say, tells
from fuserank.cli.completion import versions
from fuserank.pages import number
from fuserank.progress import working

Reason = Annotated[str, typer.Option(help="why, for the log")]


@models.command()
@tells
def promote(
    data: Data,
    version: Annotated[str, typer.Argument(help="the model; its beginning or end will do", autocompletion=versions)],
    reason: Reason,
) -> Told:
    """Make a model champion by hand, past the gate.

    Its package is released: a running service takes it up.
    """
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.package import serve_again

    job = job_of(data)
    registered = registry(job)
    chosen = registered.find(version)
    promoted = registered.promote(chosen, f"by hand, past the gate: {reason}" if reason.strip() else "", {"by_hand": True})
    if not promoted:
        say("it is champion already: nothing to log")
    return _tell(chosen, serve_again(job, chosen))


@models.command()
@tells
def rollback(data: Data, reason: Reason) -> Told:
    """Make the previous champion champion again.

    Its package is released: a running service takes it up.
    """
    from fuserank.pipeline.gate import registry
    from fuserank.pipeline.package import serve_again

    job = job_of(data)
    version = registry(job).rollback(reason)
    return _tell(version, serve_again(job, version))


def _tell(version: str, package: str | None) -> Told:
    released = f"released: {package}" if package else "it has no package here: run the chain to build one"
    return Told({"champion": version, "released": package}, (f"champion: {version}", released))


@models.command()
@tells
def prune(
    data: Data,
    keep: Annotated[int, typer.Option(min=1, help="of the newest models, and of the champions that a rollback goes back to")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go, and change nothing")] = False,
) -> Told:
    """Remove models that neither serve nor can come back.

    Their packages go with them; what is released stays.
    """
    from fuserank.pipeline import prune as step

    job = job_of(data)
    home, start = job.settings.home, job.settings.training.start
    with working("reading models"):
        gone = step.doomed(home, job.name, keep, start=start) if dry_run else step.prune(home, job.name, keep, start=start)
    size, left = sum(one.size for one in gone), [tag for one in gone for tag in one.bentos]
    lines = [
        line for one in gone for line in (one.version, *(f"  package {p}" for p in one.packages), f"  {number(one.size)} bytes")
    ]
    lines.append(f"{counted(len(gone), 'model')} {'would be removed' if dry_run else 'removed'}, {number(size)} bytes")
    if left:
        lines += [
            f"their Bentos stay; to delete them: BENTOML_HOME={home / 'bentoml'} bentoml delete TAG",
            *(f"  {tag}" for tag in left),
        ]
    removed = [{"version": one.version, "packages": one.packages, "bentos": one.bentos, "bytes": one.size} for one in gone]
    return Told({"dry_run": dry_run, "bytes": size, "models": removed}, tuple(map(escape, lines)))
