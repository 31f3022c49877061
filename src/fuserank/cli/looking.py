"""Commands that look at a trained ranker and at new data: explanations, drift."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from fuserank.cli.base import Data, app, job_of, out
from fuserank.progress import named_bars


@app.command()
def explain(
    data: Data,
    query: Annotated[str | None, typer.Option(help="id of a query of the dataset")] = None,
    text: Annotated[str | None, typer.Option(help="or the words of one")] = None,
    top: Annotated[int, typer.Option(min=1, help="how many products, best first")] = 10,
    closely: Annotated[int, typer.Option(min=0, help="of how many words, fields and pictures are explained too")] = 3,
) -> None:
    """Say why the champion orders products as it does: shares of modalities, words, fields; heat maps on a page."""
    from fuserank.explain import PARTS
    from fuserank.pipeline.explain import asked, explain_query

    job = job_of(data)
    question = asked(job, query, text)
    with named_bars() as bars:
        found, page = explain_query(job, question, top=top, closely=closely, parts=tuple(PARTS) if closely else (), progress=bars)
    names = list(dict.fromkeys(name for product in found.products for name in product.modalities))
    table = Table("", "product", "score", *names, title=f"{job.name}: {escape(found.words or found.query_id)}")
    for product in found.products:
        shares = [f"{product.modalities[name]:+.2f}" if name in product.modalities else "" for name in names]
        table.add_row(str(product.rank), escape(product.product_id), f"{product.score:.2f}", *shares)
    out.print(table, f"page: {page}")


@app.command()
def monitor(
    data: Data, current: Annotated[Path | None, typer.Argument(help="the batch to judge; none: train against test")] = None
) -> None:
    """Judge drift of a current batch against the reference."""
    from fuserank.pipeline.extract import extract as step
    from fuserank.pipeline.monitor import watch

    job = job_of(data)
    with named_bars() as bars:
        features, _ = step(job, progress=bars)
    verdict = watch(job, features, job_of(current) if current else None)
    out.print(f"{'drift' if verdict.drift else 'no drift'}: {verdict.reason}; page: {job.reports / 'drift' / 'drift.html'}")
