"""What every command shares: the application, how it tells what it found, and the job over a dataset folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fuserank import __version__
from fuserank.cli.completion import folders
from fuserank.cli.contents import CONTENTS, DATA, MODELS, chapters
from fuserank.cli.telling import Told, counted, out, print_wide, say, tells
from fuserank.errors import InputError

__all__ = ["Data", "Told", "app", "counted", "data", "job_of", "models", "out", "print_wide", "say", "tells", "time_of", "utc"]

if TYPE_CHECKING:
    from fuserank.pipeline.job import Job

app = chapters("fuserank", CONTENTS, "Multimodal fusion ranking for e-commerce search.")
models = chapters("models", MODELS, "Registry: which models there are, where from, which answers.")
app.add_typer(models, name="models")
data = chapters("data", DATA, "Versions of data/: record, compare, put back, share.")
app.add_typer(data, name="data")

Data = Annotated[Path, typer.Argument(help="a dataset folder, as import or sample wrote it", autocompletion=folders)]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fuserank {__version__}")
        raise typer.Exit


@app.callback()
def fuserank(
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="print the version", callback=_version)] = False,
) -> None:
    """Multimodal fusion ranking for e-commerce search."""


def job_of(data: Path, **overrides: Any) -> Job:
    """The job over a dataset folder; `overrides` are sections of settings."""
    from fuserank.pipeline.job import Job
    from fuserank.settings import load_settings

    return Job(data, load_settings(**overrides))


def utc(time: datetime) -> str:
    """A moment for a reader: UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def time_of(option: str, text: str | None) -> datetime | None:
    """The time that an option names, in UTC when it says no zone; None for none.

    Raises:
        InputError: it is no time in ISO 8601.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--{option} {text!r}", allowed="a time such as 2026-01-31 or 2026-01-31T12:00:00Z", todo="correct it"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
