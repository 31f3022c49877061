"""Commands of those who run it: bring it up, see how it is, find out why it is not well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.markup import escape
from rich.table import Column, Table

from fuserank.cli.base import Told, app, tells
from fuserank.errors import InputError

FLOW = Path("flows") / "up.py"


@app.command()
def up() -> None:
    """Start it all, and keep it up until Ctrl-C.

    Prefect, a worker, the served champion and the reports.
    """
    if not FLOW.is_file():
        raise InputError(f"no {FLOW} here", allowed="the root of the repository, whose flows are deployed", todo="go there first")
    os.execv(sys.executable, [sys.executable, "-m", "flows.up"])  # noqa: S606 (the arguments are ours)


@app.command()
@tells
def status() -> Told:
    """Say what runs, which model answers, and what comes next.

    Also what monitoring said last.
    """
    from fuserank.pipeline.operations.status import status as look
    from fuserank.settings import load_settings

    found = look(load_settings())
    lines = [(name, f"{state}  {address}") for name, state, address in found.parts]
    lines += [*found.facts, *(("next", f"{time}  {deployment}") for deployment, time in found.scheduled)]
    shown = [f"{what:<16}{escape(said)}" for what, said in lines]
    return Told(found, tuple(shown if found.parts else ["nothing is up; fuserank up starts it", *shown]))


@app.command()
@tells
def doctor() -> Told:
    """Find out what is not well, and say what to do.

    Looks at the environment, stores, disk, models and ports; exit code 1 when something failed.
    """
    from fuserank.pipeline.operations.doctor import examine
    from fuserank.settings import load_settings

    colours = {"ok": "green", "warning": "yellow", "failed": "red"}
    prose = (Column(head, overflow="fold") for head in ("found", "what to do"))
    table, findings = Table("part", "state", *prose), examine(load_settings())
    for finding in findings:
        shown = f"[{colours[finding.grade]}]{finding.grade}[/]"
        table.add_row(finding.subject, shown, escape(finding.said), escape(finding.todo))
    return Told(findings, (table,), exit_code=int(any(finding.grade == "failed" for finding in findings)))
