"""Commands of those who run it: bring it up, see how it is, find out why it is not well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import app, out, print_wide
from fuserank.errors import InputError

FLOW = Path("flows") / "up.py"


@app.command()
def up() -> None:
    """Start Prefect, a worker, the served champion and the reports, and keep them up; Ctrl-C stops all of it."""
    if not FLOW.is_file():
        raise InputError(f"no {FLOW} here", allowed="the root of the repository, whose flows are deployed", todo="go there first")
    os.execv(sys.executable, [sys.executable, "-m", "flows.up"])  # noqa: S606 (the arguments are ours)


@app.command()
def status() -> None:
    """Say what runs, which model answers, what monitoring said last, and what runs next."""
    from fuserank.pipeline.operations.status import status as look
    from fuserank.settings import load_settings

    found = look(load_settings())
    if not found.parts:
        out.print("nothing is up; fuserank up starts it")
    lines = [(name, f"{state}  {address}") for name, state, address in found.parts]
    lines += [*found.facts, *(("next", f"{time}  {deployment}") for deployment, time in found.scheduled)]
    for what, said in lines:
        out.print(f"{what:<16}{escape(said)}", highlight=False)


@app.command()
def doctor() -> None:
    """Look at the environment, stores, disk, models and ports, and say what to do; exit code 1 when something failed."""
    from fuserank.pipeline.operations.doctor import examine
    from fuserank.settings import load_settings

    colours = {"ok": "green", "warning": "yellow", "failed": "red"}
    table, findings = Table("", "", "", "what to do"), examine(load_settings())
    for finding in findings:
        shown = f"[{colours[finding.grade]}]{finding.grade}[/]"
        table.add_row(finding.subject, shown, escape(finding.said), escape(finding.todo))
    print_wide(table)
    if any(finding.grade == "failed" for finding in findings):
        raise typer.Exit(1)
