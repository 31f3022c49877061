"""The command that compares champion and challenger on live traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import app, out, time_of
from fuserank.pages import number

if TYPE_CHECKING:
    from fuserank.online_evaluation import Comparison


@app.command()
def compare(
    name: Annotated[str, typer.Argument(help="the dataset, with its regime, whose service kept a log")],
    since: Annotated[str | None, typer.Option(help="answers from this time on, ISO 8601; without a zone UTC")] = None,
    until: Annotated[str | None, typer.Option(help="answers before this time")] = None,
    champion: Annotated[str | None, typer.Option(help="its version; default: of the newest answers that compare")] = None,
    challenger: Annotated[str | None, typer.Option(help="likewise")] = None,
) -> None:
    """Compare champion and challenger on live traffic: shadow, canary and interleaved answers, with what shoppers did."""
    from fuserank.online_evaluation.comparison import PAGE
    from fuserank.pipeline.compare_online import compare_online
    from fuserank.settings import load_settings

    span = {option: time_of(option, text) for option, text in (("since", since), ("until", until))}
    found, folder = compare_online(load_settings(), name, champion=champion, challenger=challenger, **span)
    out.print(_table(found), *_lines(found), f"page: {folder / PAGE}", sep="\n")


def _table(found: Comparison) -> Table:
    """What shoppers did, a row a measure."""
    table = Table(
        "", "measure", "champion", "challenger", "difference", "p", title=escape(f"{found.challenger} against {found.champion}")
    )
    shadow = [found.shadow.ndcg] if found.shadow and found.shadow.ndcg else []
    for part, contrasts in (("shadow", shadow), ("canary", found.canary.measures if found.canary else ())):
        for c in contrasts:
            p = c.p if c.p_adjusted is None else c.p_adjusted
            table.add_row(part, c.measure, f"{c.champion:.3f}", f"{c.challenger:.3f}", f"{c.difference:+.3f}", number(p))
    for taken in found.interleaved.preferences if found.interleaved else ():
        won = (str(taken.losses), str(taken.wins), f"{taken.delta:+.3f}")
        table.add_row("interleaved", f"requests won, by {taken.action}", *won, number(taken.p))
    return table


def _lines(found: Comparison) -> list[str]:
    """How many requests, how far the orders of a shadow are apart, and what is missing."""
    lines = []
    if shadow := found.shadow:
        lines.append(
            f"shadow: {shadow.requests} requests, Kendall {number(shadow.kendall)}, Spearman {number(shadow.spearman)}, "
            f"overlap@10 {number(shadow.overlap)}, same first product {number(shadow.same_first)}"
        )
    if canary := found.canary:
        lines.append(f"canary: {canary.requests[0]} requests of the champion, {canary.requests[1]} of the challenger")
    if both := found.interleaved:
        lines.append(f"interleaved: {both.requests} requests")
    if found.broken:
        lines.append(f"[yellow]note:[/] damaged segments are left out: {escape(', '.join(found.broken))}")
    return lines
