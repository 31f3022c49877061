"""Applications made of data, settings and steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import app, out, print_wide


@app.command()
def recipe(
    name: Annotated[str | None, typer.Argument(help="a file in recipes/ without .toml; none: list them")] = None,
    talk: Annotated[bool, typer.Option("--talk", help="type the turns yourself, @file.wav for a recording; Ctrl-D ends")] = False,
) -> None:
    """Run an application: shopping assistant, customer service, logistics tracking …"""
    from fuserank.recipes.recipe import FOLDER, read_recipe
    from fuserank.recipes.running import run

    if name is None:
        table = Table("recipe", "what it does")
        for file in sorted(FOLDER.glob("*.toml")):
            table.add_row(file.stem, read_recipe(file.stem).summary)
        print_wide(table)
        return
    run(read_recipe(name), lambda line: out.print(escape(line), highlight=False), _typed() if talk else None)


def _typed() -> Iterator[str]:
    """Lines as they are typed, until the end of input; a prompt only for a person."""
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line
