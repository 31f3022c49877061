"""Commands that learn from behaviour: judgments out of clicks, a ranking valued by the clicks on another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fuserank.cli.base import Data, app, out, print_wide
from fuserank.click_models.grading import FEWEST_LOOKS


@app.command("judge-clicks")
def judge_clicks(
    data: Data,
    target: Annotated[Path, typer.Option("--to", help="the dataset folder to make")],
    model: Annotated[str, typer.Option(help="click model: pbm, pbm_em, cascade or coec")] = "pbm",
    looks: Annotated[float, typer.Option(min=0, help="how often a product must have been looked at to be judged")] = FEWEST_LOOKS,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Write a dataset anew with judgments that a click model makes out of its interactions."""
    from fuserank.data.dataset import Dataset
    from fuserank.pipeline.judge_clicks import as_dict
    from fuserank.pipeline.judge_clicks import judge_clicks as step

    result = step(Dataset.open(data), model, target, fewest=looks)
    if as_json:
        typer.echo(json.dumps(as_dict(result, model)))
        return
    table = Table("place", "looked at", title=f"{model}: {result.lists} lists")
    for place, share in enumerate(result.estimate.examination, start=1):
        table.add_row(str(place), f"{share:.3f}")
    print_wide(table)
    out.print(f"{target}: {result.queries} queries with {result.judgments} judgments by clicks, {result.kept} keep what they had")
    out.print(f"propensities: {result.note}")
