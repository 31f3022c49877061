"""The command that says which packages answer."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.markup import escape

from fuserank.cli.base import Told, app, tells
from fuserank.cli.completion import released
from fuserank.errors import InputError


@app.command()
@tells
def release(
    name: Annotated[str, typer.Argument(help="the dataset, with its regime", autocompletion=released)],
    champion: Annotated[str | None, typer.Option(help="the package that answers")] = None,
    challenger: Annotated[str | None, typer.Option(help="a second package, on some of the traffic")] = None,
    mode: Annotated[
        Literal["shadow", "canary", "interleave"] | None, typer.Option(help="of the challenger; a new one begins with shadow")
    ] = None,
    share: Annotated[float | None, typer.Option(help="0 to 1 of the traffic it takes part in; a new one begins with 0.1")] = None,
    no_challenger: Annotated[bool, typer.Option("--no-challenger", help="the champion alone")] = False,
    show: Annotated[bool, typer.Option("--show", help="change nothing (as without options)")] = False,
) -> Told:
    """Say, or change, which packages answer for a dataset.

    What is not said stays. A running service follows within seconds.
    """
    from fuserank.pipeline.releasing import change_release, packages, release_file
    from fuserank.serving import read_release
    from fuserank.settings import load_settings

    home, of_challenger = load_settings().home, any(value is not None for value in (challenger, mode, share))
    changes = bool(champion) or of_challenger or no_challenger
    if (show and changes) or (no_challenger and of_challenger):
        both = "--show and a change" if show else "--no-challenger and a challenger"
        raise InputError(both, allowed="one of them", todo="leave the other out")
    if changes:
        said = change_release(
            home, name, champion=champion, challenger=challenger, mode=mode, share=share, no_challenger=no_challenger
        )
    else:
        said = read_release(release_file(home, name))
    second = said.challenger
    beside = f"{second.package}, {second.mode}, share {second.share:g}" if second else "none"
    there = packages(home)
    lines = (f"champion: {said.champion}", f"challenger: {beside}", "packages, the oldest first:", *(f"  {one}" for one in there))
    return Told({"champion": said.champion, "challenger": second, "packages": there}, tuple(map(escape, lines)))
