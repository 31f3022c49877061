"""A flow as a command, `python -m flows.<name> DATA`: what is wrong is one line before Prefect starts; what came of it is told."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fuserank.errors import FuserankError, InputError
from fuserank.pipeline.job import Job
from fuserank.settings import load_settings

out = Console(soft_wrap=True, emoji=False)


def command(flow: Callable[..., Any], folders: int = 1) -> None:
    """Run a flow on the dataset folders that the command line names.

    Args:
        flow: takes them as its first arguments.
        folders: how many it takes at most.
    """
    given = [Path(word) for word in sys.argv[1:]]
    try:
        if not 1 <= len(given) <= folders:
            raise InputError(
                f"{len(given)} folders", allowed=f"1 .. {folders} dataset folders", todo="name data/sample, for example"
            )
        for folder in given:
            _ = Job(folder, load_settings()).dataset
        logging.getLogger("prefect").setLevel(logging.INFO)
        found = flow(*given)
    except FuserankError as error:
        Console(stderr=True, soft_wrap=True, emoji=False).print(f"[red]error:[/] {escape(str(error))}", highlight=False)
        sys.exit(error.exit_code)
    if isinstance(found, dict) and "leaderboard" in found:
        tell(found)


def tell(found: dict[str, Any]) -> None:
    """What came of a chain: the leaderboard, the gate's verdict, and where to look."""
    table = Table(title=f"{found['dataset']}: nDCG@10 on test queries and products")
    for column in ("ranker", "kind", "nDCG@10"):
        table.add_column(column)
    for row in found["leaderboard"]:
        table.add_row(row["ranker"], row["kind"], f"{row['nDCG@10']:.3f}")
    reports = Path(found["reports"]).resolve()
    out.print(table)
    if (leader := found["leaderboard"][0])["kind"] != "fusion":
        out.print(f"{leader['ranker']} leads, which is no fusion; whether by more than chance stands in leaderboard.html")
    verdict = "promoted" if found["promoted"] else "not promoted: it reigns already, or the gate refused it"
    out.print(f"challenger {found['challenger']} {verdict} ({reports / 'gate.json'})", highlight=False)
    if found["bento"] is None:
        out.print("[red]no model passed the gate[/], so nothing is packaged")
    else:
        out.print(f"champion {found['champion']}, Bento {found['bento']}; next: fuserank serve {found['dataset']}", highlight=False)
    if found["drift"] is not None:
        out.print(f"drift: {'yes' if found['drift'] else 'no'}")
    for page in ("validation/validation.html", "leaderboard.html", "drift/drift.html"):
        if (reports / page).is_file():
            out.print(f"  {reports / page}", highlight=False)
