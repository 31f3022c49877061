"""Applications made of data, settings and steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from fuserank.cli.base import Told, app, say, tells
from fuserank.cli.completion import recipes
from fuserank.progress import working


@app.command()
@tells
def recipe(
    name: Annotated[
        str | None, typer.Argument(help="a file in recipes/ without .toml; none: list them", autocompletion=recipes)
    ] = None,
    talk: Annotated[bool, typer.Option("--talk", help="type the turns yourself, @file.wav for a recording; Ctrl-D ends")] = False,
    data: Annotated[Path | None, typer.Option(help="a dataset folder of yours in place of the recipe's data")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="less data and training: a try that shows the way, not the quality")
    ] = False,
    folder: Annotated[Path | None, typer.Option("--recipes", help="folder of recipes of yours; default: those that ship")] = None,
) -> Told:
    """Run a whole application; without a name, list them.

    Product search, ad recommendation, user behaviour, shopping assistant, customer service, tracking.
    """
    from fuserank.recipes.recipe import read_recipe, shipped_folder
    from fuserank.recipes.running import over_data, run

    place = folder or shipped_folder()
    if name is None:
        table = Table("recipe", *(Column(head, overflow="fold") for head in ("what it does", "用途")))
        listed = {file.stem: read_recipe(file.stem, place) for file in sorted(place.glob("*.toml"))}
        for stem, one in listed.items():
            table.add_row(stem, escape(one.summary), escape(one.summary_zh))
        value = [{"recipe": stem, "summary": one.summary, "summary_zh": one.summary_zh} for stem, one in listed.items()]
        return Told(value, (table,))
    chosen = read_recipe(name, place)
    chosen = chosen.quickened() if quick else chosen
    chosen = over_data(chosen, data) if data else chosen
    with nullcontext() if talk else working(f"recipe {name}"):
        found = run(chosen, lambda line: say(line, markup=False), _typed() if talk else None)
    return Told({"recipe": name, "steps": list(found)}, ())


def _typed() -> Iterator[str]:
    """Lines as they are typed, until the end of input; a prompt only for a person."""
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line
