"""What a command found, for people or for machines: said once for every command."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from fuserank.progress import bars_aside

Json = Annotated[bool, typer.Option("--json", help="print the result as JSON, for machines")]
_for_machines: ContextVar[bool] = ContextVar("for_machines", default=False)


class Out(Console):
    """A console that leaves a pipe which was closed to `fuserank.cli.main`."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise what was raised."""
        raise BrokenPipeError


out = Out(soft_wrap=True, emoji=False)
err = Out(soft_wrap=True, emoji=False, stderr=True)


@dataclasses.dataclass(frozen=True)
class Told:
    """What a command found.

    Attributes:
        value: what `--json` prints: an object or a list.
        shown: what people see instead, tables and lines of markup in their order.
        notes: what is worth knowing besides; with `--json` on stderr.
        exit_code: of the command.
    """

    value: Any
    shown: tuple[Table | Text | str, ...]
    notes: tuple[str, ...] = ()
    exit_code: int = 0


def tells(command: Callable[..., Told]) -> Callable[..., None]:
    """Give a command the option `--json`, and print what it tells: JSON on stdout and nothing else there, or tables and lines."""

    @wraps(command)
    def telling(*given: Any, as_json: bool, **named: Any) -> None:
        before = _for_machines.set(as_json)
        try:
            told = command(*given, **named)
            for note in told.notes:
                say(f"[yellow]note:[/] {escape(note)}")
            if as_json:
                typer.echo(json.dumps(plain(told.value), ensure_ascii=False, allow_nan=False, default=str))
            else:
                _show(told.shown)
        finally:
            _for_machines.reset(before)
        if told.exit_code:
            raise typer.Exit(told.exit_code)

    signature = inspect.signature(command, eval_str=True)  # Typer does not read annotations of a given signature from text
    flag = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)
    telling.__signature__ = signature.replace(parameters=[*signature.parameters.values(), flag])  # type: ignore[attr-defined]
    telling.__annotations__ = {**command.__annotations__, "as_json": Json}
    return telling


def say(line: str, *, markup: bool = True) -> None:
    """Print a line while a command works: on stderr when stdout belongs to a machine."""
    with bars_aside():
        (err if _for_machines.get() else out).print(line, markup=markup, highlight=False)


def _show(shown: tuple[Table | Text | str, ...]) -> None:
    for part in shown:
        if isinstance(part, Table):
            print_wide(part)
        else:
            out.print(part, highlight=False)


def plain(value: Any) -> Any:  # noqa: PLR0911 (one line a kind)
    """A value as JSON has it: dataclasses and models as objects, times in ISO 8601, no NaN or infinity but null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, Path | date):
        return value.isoformat() if isinstance(value, date) else str(value)
    if hasattr(value, "tolist"):  # numbers and arrays of NumPy
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_wide(table: Table) -> None:
    """Print a table as wide as it is where it fits or nobody looks: names in it are copied into the next command, so none is cut.

    On a terminal too narrow for it, columns of prose wrap (those whose `overflow` is `"fold"`); where that is not enough, each row
    becomes a block of lines, one a column.
    """
    measured = Measurement.get(out, out.options.update_width(10_000), table)
    if not out.is_terminal or measured.maximum <= out.width:
        Out(width=max(measured.maximum, out.width), emoji=False).print(table)
        return
    for column in table.columns:
        column.no_wrap = column.overflow != "fold"
    if Measurement.get(out, out.options.update_width(10_000), table).minimum <= out.width:
        Out(width=out.width, emoji=False).print(table)
        return
    _print_blocks(table)


def _print_blocks(table: Table) -> None:
    """A block a row."""
    if table.title:
        out.print(table.title)
    heads = [str(column.header) for column in table.columns]
    wide = max(map(len, heads))
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        for head, cell in zip(heads, cells, strict=True):
            if str(cell):
                out.print(f"[dim]{head:<{wide}}[/]  {cell}", highlight=False)
        out.print()


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 model``, ``2 models``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
