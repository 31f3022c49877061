"""What every command shares: the application, where it prints, and the job over a dataset folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from fuserank.errors import InputError

if TYPE_CHECKING:
    from fuserank.pipeline.job import Job

app = typer.Typer(help="Multimodal fusion ranking for e-commerce search.", no_args_is_help=True, pretty_exceptions_enable=False)
models = typer.Typer(help="The registry: what there is, where it comes from, who reigns and why.", no_args_is_help=True)
app.add_typer(models, name="models")
data = typer.Typer(help="Versions of data/: record, compare, put back, send, fetch, check.", no_args_is_help=True)
app.add_typer(data, name="data")
out = Console(soft_wrap=True, emoji=False)

Data = Annotated[Path, typer.Argument(help="a dataset folder, as import or sample wrote it")]


def job_of(data: Path, **overrides: Any) -> Job:
    """The job over a dataset folder; `overrides` are sections of settings."""
    from fuserank.pipeline.job import Job
    from fuserank.settings import load_settings

    return Job(data, load_settings(**overrides))


def print_wide(table: Table) -> None:
    """Print a table as wide as it is: names in it are copied into the next command, so none is cut."""
    needed = Measurement.get(out, out.options.update_width(10_000), table).maximum
    Console(width=max(needed, out.width), emoji=False).print(table)


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
