"""Commands that learn from behaviour: judgments out of clicks, a ranking valued by the clicks on another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, Told, app, job_of, tells
from fuserank.cli.completion import CLICK_MODELS, among, versions
from fuserank.pages import number
from fuserank.progress import working


@app.command("judge-clicks")
@tells
def judge_clicks(
    data: Data,
    target: Annotated[Path, typer.Option("--to", help="the dataset folder to make")],
    model: Annotated[
        str, typer.Option(help="click model: pbm, pbm_em, cascade or coec", autocompletion=among(*CLICK_MODELS))
    ] = "pbm",
    looks: Annotated[float, typer.Option(min=0, help="how often a product must have been looked at to be judged")] = 2.0,
) -> Told:
    """Make judgments out of clicks by a click model.

    The dataset is written anew, with judgments that the model makes out of its interactions.
    """
    from fuserank.data.dataset import Dataset
    from fuserank.pipeline.judge_clicks import as_dict
    from fuserank.pipeline.judge_clicks import judge_clicks as step

    with working(f"estimating clicks by {model}"):
        result = step(Dataset.open(data), model, target, fewest=looks)
    table = Table("place", "looked at", title=f"{model}: {result.lists} lists")
    for place, share in enumerate(result.estimate.examination, start=1):
        table.add_row(str(place), f"{share:.3f}")
    written = f"{target}: {result.queries} queries with {result.judgments} judgments by clicks, {result.kept} keep what they had"
    return Told(as_dict(result, model), (table, escape(written), f"propensities: {escape(str(result.note))}"))


@app.command()
@tells
def counterfactual(
    data: Data,
    version: Annotated[
        str,
        typer.Option(help="of a registered model; its beginning or end will do; default: the champion", autocompletion=versions),
    ] = "",
    worth: Annotated[
        str, typer.Option(help="what a place is worth: clicks (that it gets), or dcg", autocompletion=among("clicks", "dcg"))
    ] = "clicks",
    clip: Annotated[float, typer.Option(min=1, help="no click weighs more")] = 100.0,
) -> Told:
    """Value a model's ranking by the clicks on another.

    What it would have earned, from the clicks on the lists that were shown; nothing is shown to anybody.
    """
    from fuserank.pipeline.counterfactual import counterfactual as step

    with working("ranking the lists that were shown"):
        found = step(job_of(data), version=version, worth=worth, clip=clip)
    table = Table("", "estimator", f"{worth} a list", "95 % interval", title=escape(f"{found.version} on {found.lists} lists"))
    for what, rows in (("as shown", (found.shown,)), ("model", found.values), ("difference", found.differences)):
        for row in rows:
            table.add_row(what, row.estimator, number(row.value), f"{number(row.low)} to {number(row.high)}")
    read = (
        f"{found.shoppers} shoppers; effective lists {found.effective:.0f}; "
        f"{found.covered:.0%} of the model's ranking was ever shown for its query"
    )
    return Told(found.as_dict(), (table, read))
