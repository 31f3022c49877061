"""Applications made of data, settings and steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import app, out, print_wide


@app.command()
def recipe(
    name: Annotated[str | None, typer.Argument(help="a file in recipes/ without .toml; none: list them")] = None,
    talk: Annotated[bool, typer.Option("--talk", help="type the turns yourself, @file.wav for a recording; Ctrl-D ends")] = False,
    data: Annotated[Path | None, typer.Option(help="a dataset folder of yours in place of the recipe's data")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="less data and training: a try that shows the way, not the quality")
    ] = False,
    folder: Annotated[Path | None, typer.Option("--recipes", help="folder of recipes of yours; default: those that ship")] = None,
) -> None:
    """Run an application: product search, ad recommendation, user behaviour, shopping assistant, customer service, tracking."""
    from fuserank.recipes.recipe import read_recipe, shipped_folder
    from fuserank.recipes.running import over_data, run

    place = folder or shipped_folder()
    if name is None:
        table = Table("recipe", "what it does", "用途")
        for file in sorted(place.glob("*.toml")):
            listed = read_recipe(file.stem, place)
            table.add_row(file.stem, escape(listed.summary), escape(listed.summary_zh))
        print_wide(table)
        return
    chosen = read_recipe(name, place)
    chosen = chosen.quickened() if quick else chosen
    chosen = over_data(chosen, data) if data else chosen
    run(chosen, lambda line: out.print(escape(line), highlight=False), _typed() if talk else None)


def _typed() -> Iterator[str]:
    """Lines as they are typed, until the end of input; a prompt only for a person."""
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line
